"""Face detection: recall by origin, false positives, the smallest face."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks._markdown import table
from benchmarks._provenance import provenance
from fakeface import Box, FaceFinder, ImageError
from fakeface.images import Picture
from fakeface.preprocessing import find_faces
from train.command_line import progress
from train.data import CLASSES, Sample

PEOPLE = ("astronaut", "camera")
"""Pictures in scikit-image that show people."""

BACKGROUNDS = ("coffee", "rocket", "brick", "motorcycle_left", "retina", "gravel")
"""Pictures in scikit-image that faces are pasted onto."""

SIZES = (20, 32, 48, 64, 96, 144, 224, 400)
"""Edges of the bins of face sizes in scenes, in pixels."""

SCENE = 1280
"""Longer side of the scenes in pixels."""


def run_faces(
    finder: FaceFinder, samples: Sequence[Sample], scenes: int, seed: int
) -> dict[str, Any]:
    """Measure a face finder.

    Args:
        finder: The finder.
        samples: Pictures with the box of their largest face from another detector.
        scenes: Number of scenes to compose: a random face, scaled, pasted onto a picture without
            people.
        seed: Seed of the scenes.

    Returns:
        Plain values, ready for JSON: `sources`, `unreadable`, `without_people`, `scenes`, and the
        provenance.
    """
    sources, unreadable = _sources(finder, samples)
    samples = [sample for sample in samples if sample.name not in unreadable]
    return {
        "benchmark": "faces",
        **provenance(),
        "finder": {"version": finder.info.version, "sha256": finder.info.sha256},
        "sources": sources,
        "unreadable": unreadable,
        "without_people": _without_people(finder),
        "scenes": _scenes(finder, samples, scenes, seed),
    }


def _sources(
    finder: FaceFinder, samples: Sequence[Sample]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return metrics per origin, and the pictures that could not be read, with the reason."""
    by_source: dict[str, list[float | None]] = {}
    unreadable: dict[str, str] = {}
    for sample in progress(samples, "pictures", len(samples)):
        try:
            faces = find_faces(Picture(sample.path), finder)
        except ImageError as error:
            unreadable[sample.name] = error.reason
        else:
            iou = faces[0].box.iou(_box(sample)) if faces else None
            by_source.setdefault(f"{CLASSES[sample.label]}/{sample.origin}", []).append(iou)
    rows = [
        {
            "source": source,
            "pictures": len(ious),
            "recall": sum((iou or 0) > 0.5 for iou in ious) / len(ious),
            "found": sum(iou is not None for iou in ious) / len(ious),
            "median_iou": statistics.median(iou or 0.0 for iou in ious),
        }
        for source, ious in sorted(by_source.items())
    ]
    return rows, unreadable


def _box(sample: Sample) -> Box:
    assert sample.box is not None  # only such pictures are measured
    return sample.box


def _skimage() -> dict[str, Path]:
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    return {file.stem: file for file in sorted(folder.iterdir()) if file.stem not in PEOPLE}


def _without_people(finder: FaceFinder) -> dict[str, Any]:
    false, looked = {}, 0
    for name, file in _skimage().items():
        try:
            faces = find_faces(Picture(file), finder)
        except ImageError:
            continue
        looked += 1
        if faces:
            false[name] = [round(face.score, 3) for face in faces]
    return {"pictures": looked, "false_faces": false}


def _scenes(
    finder: FaceFinder, samples: Sequence[Sample], scenes: int, seed: int
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    files = _skimage()
    hits: list[tuple[float, bool, int]] = []
    for index in progress(range(scenes if samples else 0), "scenes", scenes):
        scene = Image.open(files[BACKGROUNDS[index % len(BACKGROUNDS)]]).convert("RGB")
        scale = SCENE / max(scene.size)
        scene = scene.resize((round(scene.width * scale), round(scene.height * scale)))
        sample = samples[int(rng.integers(len(samples)))]
        portrait = Picture(sample.path).load()[0]
        side = float(np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[-1]))))
        scale = side / _box(sample).side
        size = (round(portrait.width * scale), round(portrait.height * scale))
        room = (scene.width - size[0], scene.height - size[1])
        if min(room) >= 0:
            x, y = (int(rng.integers(0, most + 1)) for most in room)
            scene.paste(portrait.resize(size, Image.Resampling.BICUBIC), (x, y))
            box = _box(sample).scaled(scale)
            truth = Box(box.x + x, box.y + y, box.width, box.height)
            matches = [face.box.iou(truth) > 0.5 for face in find_faces(Picture(scene), finder)]
            hits.append((side, any(matches), len(matches) - sum(matches)))
    rows = []
    for low, high in pairwise(SIZES):
        inside = [hit for hit in hits if low <= hit[0] < high]
        if inside:
            rows.append(
                {
                    "from": low,
                    "below": high,
                    "scenes": len(inside),
                    "recall": sum(found for _, found, _ in inside) / len(inside),
                    "false_faces": sum(false for _, _, false in inside),
                }
            )
    return rows


def faces_markdown(result: dict[str, Any]) -> str:
    """Format the tables of a result of `run_faces`."""
    without = result["without_people"]
    false = ", ".join(without["false_faces"]) or "none"
    return "\n".join(
        [
            "Faces found, compared with the boxes of another detector (recall at IoU .5):\n",
            table(
                ["source", "pictures", "recall", "a face", "median IoU"],
                [
                    [
                        row["source"],
                        str(row["pictures"]),
                        f"{row['recall']:.1%}",
                        f"{row['found']:.1%}",
                        f"{row['median_iou']:.2f}",
                    ]
                    for row in result["sources"]
                ],
            ),
            *(f"{name} could not be read: {why}\n" for name, why in result["unreadable"].items()),
            f"False faces on {without['pictures']} pictures of scikit-image without people:"
            f" {false}.\n",
            f"Faces pasted into scenes of {SCENE} pixels, by the longer side of the face:\n",
            table(
                ["face, pixels", "scenes", "recall", "false faces"],
                [
                    [
                        f"{row['from']} to {row['below']}",
                        str(row["scenes"]),
                        f"{row['recall']:.1%}",
                        str(row["false_faces"]),
                    ]
                    for row in result["scenes"]
                ],
            ),
        ]
    )
