"""Effect of decoding large JPEG pictures at a reduced size (DCT scaling) on verdicts.

Every picture that fakeface reduces while decoding is scored twice: as usual, and from all of its
pixels. Only pictures that a camera took this large are informative: enlarged ones have no fine
structure to lose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import table
from benchmarks._provenance import provenance
from fakeface import Detector, Face, ImageError
from fakeface.files import walk
from fakeface.images import Picture
from fakeface.preprocessing import FINDER_SIDE, MIN_OVERSAMPLING, crop_box, reduction_factor

_SAME = 0.5
"""Boxes with a larger intersection over union are of one face."""

GROUPS = {
    "full": "face cropped from all pixels",
    "reduced": "face cropped from the reduced picture",
}
"""The face finder sees the reduced picture in both; see `fakeface._preprocess`."""


def compare_reduced_decoding(
    model: str, folders: Iterable[Path], begin: Callable[[str, int], Callable[[int], None]]
) -> dict[str, Any]:
    """Score the large JPEG pictures in folders twice.

    Args:
        model: Model directory or name of a bundled model.
        folders: Folders of pictures; anything but a large JPEG is skipped.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON.

    Raises:
        ModelError: There is no such model.
        ValueError: No face was found in a picture that is reduced.
    """
    detector = Detector(model, threads=1, explain=False)
    sources = [source for source in walk(folders) if isinstance(source, str)]
    advance = begin("pictures", len(sources))
    faces: dict[str, list[tuple[Face, Face]]] = {name: [] for name in GROUPS}
    pictures = alone = 0
    flips = []
    for source in sources:
        advance(1)
        try:
            size, pixels = _if_reduced(source)
            if pixels is None:
                continue
            reduced, whole = detector.predict(source), detector.predict(pixels)
        except ImageError:
            continue
        pictures += 1
        if reduced.verdict is not whole.verdict:
            flips.append([Path(source).name, f"{whole.verdict}", f"{reduced.verdict}"])
        matched = list(_matched(reduced.faces, whole.faces))
        alone += len(reduced.faces) + len(whole.faces) - 2 * len(matched)
        scored = [pair for pair in matched if None not in (pair[0].p_fake, pair[1].p_fake)]
        if scored:
            crop = detector.classifier.crop
            side = min(crop_box(mine.box, size, crop.margin).side for mine, _ in scored)
            reduced_crop = reduction_factor(side / (crop.size * MIN_OVERSAMPLING)) > 1
            faces["reduced" if reduced_crop else "full"] += scored
    if not any(faces.values()):
        raise ValueError(
            f"no face in a JPEG picture with a side of {2 * FINDER_SIDE:,} pixels or more:"
            " smaller ones are decoded whole"
        )
    return {
        **provenance(),
        "model": {"name": detector.model, "version": detector.info.version},
        "pictures": pictures,
        "pictures_with_another_verdict": flips,
        "faces_found_in_one_only": alone,
        "faces": {name: _differences(pairs) for name, pairs in faces.items() if pairs},
    }


def _if_reduced(source: str) -> tuple[tuple[int, int], Any]:
    """Return the size of a picture, and all its pixels if fakeface would decode it reduced."""
    picture = Picture(source)
    most = reduction_factor(max(picture.size) / FINDER_SIDE)
    if most == 1 or picture.load(most)[1] == 1:
        return picture.size, None
    return picture.size, np.asarray(Picture(source).load()[0])


def _matched(ours: Sequence[Face], theirs: Sequence[Face]) -> Iterable[tuple[Face, Face]]:
    left = list(theirs)
    for face in ours:
        best = max(left, key=lambda other: face.box.iou(other.box), default=None)
        if best is not None and face.box.iou(best.box) > _SAME:
            left.remove(best)
            yield face, best


def _differences(pairs: list[tuple[Face, Face]]) -> dict[str, Any]:
    change = [abs((a.p_fake or 0) - (b.p_fake or 0)) for a, b in pairs]
    return {
        "count": len(pairs),
        "another_verdict": sum(a.verdict is not b.verdict for a, b in pairs),
        "least_overlap": min(a.box.iou(b.box) for a, b in pairs),
        "change_of_p_fake": {
            "median": float(np.median(change)),
            "p95": float(np.quantile(change, 0.95)),
            "most": max(change),
        },
    }


def reduced_decode_markdown(result: dict[str, Any]) -> str:
    """Format the result as text with a table."""
    flips = result["pictures_with_another_verdict"]
    rows = []
    for name, group in result["faces"].items():
        change = group["change_of_p_fake"]
        rows.append(
            [
                GROUPS[name],
                f"{group['count']:,}",
                f"{group['another_verdict']:,}",
                *(f"{change[what]:.4f}" for what in ("median", "p95", "most")),
                f"{group['least_overlap']:.3f}",
            ]
        )
    head = ["", "faces", "another verdict", "change: median", "95 %", "most", "least overlap"]
    lines = [
        "# Large JPEG pictures, decoded at a reduced size and at full size",
        "",
        f"{result['pictures']:,} pictures, scored by {result['model']['name']}"
        f" {result['model']['version']}. With another verdict: {len(flips):,}"
        + "".join(f"; {name}: {whole} at full size, {ours} reduced" for name, whole, ours in flips)
        + f". Faces found in one of the two only: {result['faces_found_in_one_only']:,}.",
        "",
        table(head, rows),
    ]
    return "\n".join(lines)
