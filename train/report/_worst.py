"""The pictures that a run got most wrong: face crops and heat maps beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface import Heatmap, ImageError
from fakeface.images import Picture
from fakeface.inference import occlusion
from fakeface.preprocessing import crop_picture
from fakeface.types import Box
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._locate import locate
from train.data._sample import Sample
from train.evaluate._scores import Scores
from train.fitting._run import Run
from train.progress import progress

SIDE = 200
"""Side of the crops on the page, in pixels."""

_STRONG = {"cam": 6.0, "occlusion": 3.0}
"""Evidence that is shown in a strong colour, by the method of a map."""

_MOST = 20.0
"""Most that maps are strengthened by: noise is to stay faint."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture that was judged wrongly, or nearly so.

    Attributes:
        name: Its name.
        origin: Where it comes from, as `CLASS/source`.
        p_fake: Its calibrated score.
    """

    name: str
    origin: str
    p_fake: float


def worst(run: Run, scores: Scores, most: int) -> tuple[list[Mistake], list[Mistake]]:
    """Choose the worst pictures of a split.

    Args:
        run: The run: its calibration and thresholds.
        scores: Scores of the split.
        most: How many of each kind at most.

    Returns:
        False alarms (photographs called `fake`, the highest score first), and misses (AI pictures
        called `real`, the lowest score first).
    """
    p_fake = run.calibration.p_fake(scores.logits)
    alarms = (scores.labels == 1) & (p_fake >= run.thresholds.fake)
    misses = (scores.labels == 0) & (p_fake < run.thresholds.real)

    def chosen(members: npt.NDArray[np.bool_], order: npt.NDArray[np.float64]) -> list[Mistake]:
        indices = np.flatnonzero(members)
        best = indices[np.argsort(order[indices], kind="stable")][:most]
        return [
            Mistake(scores.names[i], str(scores.origins[i]), float(p_fake[i]))
            for i in best.tolist()
        ]

    return chosen(alarms, -p_fake), chosen(misses, p_fake)


def draw(
    run: Run, mistakes: Sequence[Mistake], data: Data, cache: Cache
) -> Iterator[tuple[Mistake, list[Image.Image]]]:
    """Draw the face crop of each picture, and its heat map.

    Args:
        run: The run.
        mistakes: The pictures.
        data: The data folder, as `train.data.load_data` read it.
        cache: Keeps faces.

    Yields:
        Each picture with the crop that the detector saw and the same under its heat map; with
        none where it is gone or cannot be read. One scale serves all maps, such that the strongest
        evidence among them has a strong colour.
    """
    drawn = list(_crops_and_maps(run, mistakes, data, cache))
    factor = _strengthening([heatmap for _, _, heatmap in drawn if heatmap is not None])
    for one, crop, heatmap in drawn:
        if crop is None or heatmap is None:
            yield one, []
            continue
        image = Image.fromarray(crop).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        stronger = replace(heatmap, values=heatmap.values * np.float32(factor))
        yield one, [image, stronger.overlay(image)]


def _strengthening(heatmaps: Sequence[Heatmap]) -> float:
    """Return the factor that brings nearly all evidence of some maps up to a strong colour."""
    if not heatmaps:
        return 1.0
    reach = float(np.percentile(np.abs(np.stack([h.values for h in heatmaps])), 98))
    return min(_STRONG[heatmaps[0].method] / max(reach, 1e-6), _MOST)


def _crops_and_maps(
    run: Run, mistakes: Sequence[Mistake], data: Data, cache: Cache
) -> Iterator[tuple[Mistake, npt.NDArray[np.uint8] | None, Heatmap | None]]:
    import tensorflow as tf

    by_name = {sample.name: sample for sample in data.samples}
    wanted = [by_name[m.name] for m in mistakes if m.name in by_name]
    found = locate(replace(data, samples=tuple(wanted), notes=()), run.recipe.faces, cache)
    located = {sample.name: sample for sample in found.samples}
    infer = tf.function(run.outputs, reduce_retracing=True)
    for one in progress(mistakes, "heat maps of the worst pictures", len(mistakes)):
        sample = located.get(one.name)
        yield one, *((None, None) if sample is None else _crop_and_map(run, sample, infer))


def _crop_and_map(
    run: Run, sample: Sample, infer: Callable[[Any], dict[str, Any]]
) -> tuple[npt.NDArray[np.uint8] | None, Heatmap | None]:
    try:
        crop = crop_picture(Picture(sample.path), sample.box, run.recipe.crop)
    except (ImageError, OSError):
        return None, None
    outputs = infer(crop[np.newaxis])
    side = len(crop)
    if "cam" in outputs:
        values = np.asarray(outputs["cam"])[0] + np.float32(run.cam_bias or 0.0)
        heatmap = Heatmap(values, Box(0, 0, side, side), (side, side), "cam")
    else:
        p_fake = float(np.asarray(outputs["p_fake"])[0])
        values = occlusion(crop, p_fake, lambda crops: np.asarray(infer(crops)["p_fake"]))
        heatmap = Heatmap(values, Box(0, 0, side, side), (side, side), "occlusion")
    return crop, heatmap
