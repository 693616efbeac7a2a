"""Evaluates heat maps by deletion and insertion curves (Petsiuk et al. 2018).

Deletion hides the crop from the strongest to the weakest place of a map, and follows the
probability of the class that the model chose: the better the map, the sooner it falls. Insertion
uncovers a blurred crop in the same order: the better the map, the sooner it rises. The area under
each curve is compared, picture by picture, with that of a random map of the same resolution and of
a map with a blob in the centre, where faces are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from benchmarks._markdown import table
from benchmarks._provenance import provenance
from benchmarks.accuracy._degradations import CLEAN
from benchmarks.accuracy._score import read_input
from fakeface import Box, FaceFinder, Heatmap
from fakeface.inference import Classifier
from fakeface.model_directory import FACE_FINDER, MODELS
from train.data import CLASSES, Data, Sample

Floats = npt.NDArray[np.float32]
Crop = npt.NDArray[np.uint8]

STEPS = 20
"""Points of a curve after the first."""

BLUR = 5 / 224
"""Standard deviation of the blur that insertion starts from, as a fraction of the crop's side."""

MAPS = ("map", "random", "centre")
CURVES = ("deletion", "insertion")


@dataclass(frozen=True, slots=True)
class Traced:
    """The curves of one picture.

    Attributes:
        sample: The picture.
        p_fake: Its score.
        curves: Probability of the class that the model chose, shape (maps, 2, STEPS + 1), in the
            order of `MAPS` and `CURVES`.
    """

    sample: Sample
    p_fake: float
    curves: Floats

    @property
    def areas(self) -> Floats:
        """Area under each curve, 0 to 1, shape (maps, 2)."""
        return area(self.curves)


def area(curve: Floats) -> Floats:
    """Area under curves over 0 to 1 by the trapezoidal rule, along the last axis."""
    return np.asarray((curve[..., 1:] + curve[..., :-1]).mean(axis=-1) / 2)


def choose(data: Data, split: str, count: int, seed: int) -> list[Sample]:
    """Draw a stratified sample: half of each class, as evenly over its origins as possible.

    Args:
        data: All pictures.
        split: The split to sample from.
        count: Number of pictures.
        seed: Seed of the sample.

    Returns:
        The pictures.

    Raises:
        ValueError: A class has too few pictures.
    """
    random = np.random.default_rng(seed)
    chosen: list[Sample] = []
    for label, name in enumerate(CLASSES):
        members = [s for s in data.samples if s.split == split and s.label == label]
        if len(members) < count // 2:
            raise ValueError(f"{split} has {len(members)} pictures of {name}, not {count // 2}")
        turns: dict[str, int] = {}
        order = [members[i] for i in random.permutation(len(members))]
        ranked: list[tuple[int, int, Sample]] = []
        for sample in order:
            turns[sample.origin] = turns.get(sample.origin, 0) + 1
            ranked.append((turns[sample.origin], len(ranked), sample))
        chosen += [sample for _, _, sample in sorted(ranked, key=lambda r: r[:2])[: count // 2]]
    return chosen


def trace(
    classifier: Classifier,
    samples: Sequence[Sample],
    seed: int,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Traced]:
    """Compute the curves of pictures; those without a readable face are left out.

    Args:
        classifier: The model.
        samples: The pictures.
        seed: Seed of the random maps.
        advance: Called with the number of pictures done.

    Returns:
        One result per picture with a face; of several faces the one with the highest score.
    """
    finder = FaceFinder(MODELS / FACE_FINDER)
    random = np.random.default_rng(seed)
    out = []
    for sample in samples:
        crops = read_input(sample, CLEAN, finder, classifier.crop).crops
        if len(crops):
            scores = classifier.predict(crops)
            crop = crops[int(scores.argmax())]
            out.append(Traced(sample, float(scores.max()), curves(classifier, crop, random)))
        advance(1)
    return out


def curves(classifier: Classifier, crop: Crop, random: np.random.Generator) -> Floats:
    """Compute deletion and insertion of one crop, as in `Traced.curves`."""
    (p_fake,), (values,) = classifier.explain(crop[np.newaxis])
    fake = p_fake >= 0.5
    height, width = values.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    orders = [
        ranking(values if fake else -values, classifier),
        ranking(random.normal(size=values.shape).astype(np.float32), classifier),
        ranking(np.asarray(-np.hypot(x, y), np.float32), classifier),
    ]
    hidden = np.broadcast_to(crop.mean(axis=(0, 1)).round().astype(np.uint8), crop.shape)
    blurred = np.asarray(
        Image.fromarray(crop).filter(ImageFilter.GaussianBlur(BLUR * len(crop))), np.uint8
    )
    out = np.empty((len(orders), 2, STEPS + 1), np.float32)
    for at, order in enumerate(orders):
        for kind, (before, after) in enumerate(((crop, hidden), (blurred, crop))):
            p = classifier.predict(changed(before, after, order))
            out[at, kind] = p if fake else 1 - p
    return out


def ranking(values: Floats, classifier: Classifier) -> npt.NDArray[np.int64]:
    """Rank every pixel, the strongest 0: shape (size, size); ties in no particular order."""
    side = classifier.crop.size
    heatmap = Heatmap(values, Box(0, 0, side, side), (side, side), classifier.method)
    flat = heatmap.upsampled(side, side).ravel()
    ranks = np.empty(flat.size, np.int64)
    ranks[np.argsort(-flat, kind="stable")] = np.arange(flat.size)
    return ranks.reshape(side, side)


def changed(before: Crop, after: Crop, ranks: npt.NDArray[np.int64]) -> Crop:
    """Turn a crop into another by rank, in `STEPS` equal steps; the first is unchanged."""
    limits = np.linspace(0, ranks.size, STEPS + 1)[:, np.newaxis, np.newaxis, np.newaxis]
    return np.where(ranks[np.newaxis, ..., np.newaxis] < limits, after, before)


def summarise(
    traced: Sequence[Traced], classifier: Classifier, data: Data, seed: int, resamples: int
) -> dict[str, Any]:
    """Compute the metrics of a model.

    Args:
        traced: Its curves.
        classifier: The model.
        data: The data that the pictures come from.
        seed: Seed of the sample, the random maps and the bootstrap.
        resamples: Bootstrap resamples (percentile, Efron 1979), over pictures.

    Returns:
        Plain values, ready for JSON.
    """
    areas = np.stack([t.areas for t in traced])
    draws = np.random.default_rng(seed).integers(0, len(areas), (resamples, len(areas)))

    def estimate(values: Floats) -> list[float]:
        low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
        return [round(float(v), 4) for v in (values.mean(), low, high)]

    result: dict[str, Any] = {
        "what": "deletion and insertion (Petsiuk et al. 2018)",
        "model": {"name": classifier.info.name, "sha256": classifier.info.sha256},
        "method": classifier.method,
        "pictures": len(traced),
        "chosen_fake": sum(t.p_fake >= 0.5 for t in traced),
        "steps": STEPS,
        "seed": seed,
        "data": data.fingerprint(),
        **provenance(),
    }
    for kind, curve in enumerate(CURVES):
        sign = -1 if curve == "deletion" else 1  # deletion: the smaller the better
        result[curve] = {"area": {m: estimate(areas[:, at, kind]) for at, m in enumerate(MAPS)}}
        for at, other in list(enumerate(MAPS))[1:]:
            gain = sign * (areas[:, 0, kind] - areas[:, at, kind])
            result[curve][f"better_than_{other}"] = {
                "by": estimate(gain),
                "share_of_pictures": round(float((gain > 0).mean()), 4),
            }
        result[curve]["curve"] = {
            m: np.stack([t.curves[at, kind] for t in traced]).mean(axis=0).round(4).tolist()
            for at, m in enumerate(MAPS)
        }
    return result


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """Format the metrics of models as a table."""
    head = (
        "model", "maps", "curve", "area of the map", "of a random map", "of a blob in the centre",
        "gain over random", "better in",
    )  # fmt: skip
    rows = [
        (
            result["model"]["name"],
            result["method"],
            f"{curve} {'↓' if curve == 'deletion' else '↑'}",
            *(_format(result[curve]["area"][m]) for m in MAPS),
            _format(result[curve]["better_than_random"]["by"]),
            f"{result[curve]['better_than_random']['share_of_pictures']:.0%}",
        )
        for result in results
        for curve in CURVES
    ]
    note = (
        f"\n{results[0]['pictures']} pictures, half of each class; area under the curve of the"
        " probability of the class that the model chose; ↓ the smaller the better, ↑ the larger."
        " In brackets 95 % bootstrap intervals over pictures.\n"
    )
    return table(head, rows) + note


def _format(estimate: Sequence[float]) -> str:
    value, low, high = (f"{v:.3f}" for v in estimate)
    return f"{value} [{low}, {high}]"
