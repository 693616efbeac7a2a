"""Face detection: recall by origin, false positives, the smallest face, and the time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks._markdown import table
from benchmarks._progress import Begin
from benchmarks._provenance import provenance
from fakeface import Box, FaceFinder, ImageError
from fakeface.images import Picture
from fakeface.preprocessing import detect_faces, find_faces, load_for_finder
from train.data import CLASSES, Sample

PEOPLE = ("astronaut", "camera")
"""Pictures in scikit-image that show people."""

BACKGROUNDS = ("coffee", "rocket", "brick", "motorcycle_left", "retina", "gravel")
"""Pictures in scikit-image that faces are pasted onto."""

SIZES = (20, 32, 48, 64, 96, 144, 224, 400)
"""Edges of the bins of face sizes in scenes, in pixels."""

SCENE, LARGE_SCENE = 1280, 4000
"""Longer sides of the scenes in pixels."""


def run_faces(
    finder: FaceFinder, samples: Sequence[Sample], scenes: int, seed: int, begin: Begin
) -> dict[str, Any]:
    """Measure a face finder.

    Args:
        finder: The finder.
        samples: Pictures with the box of their largest face from another detector.
        scenes: Number of scenes to compose: a random face, scaled, pasted onto a picture without
            people.
        seed: Seed of the scenes.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: `sources`, `unreadable`, `without_people`, `scenes`,
        `large_scenes`, `provenance`.
    """
    sources, unreadable = _sources(finder, samples, begin("pictures", len(samples)))
    samples = [sample for sample in samples if sample.name not in unreadable]
    return {
        "finder": {"version": finder.info.version, "sha256": finder.info.sha256},
        "sources": sources,
        "unreadable": unreadable,
        "without_people": _without_people(finder),
        "scenes": _scenes(finder, samples, scenes, seed, SCENE, begin("scenes", scenes)),
        "large_scenes": _scenes(
            finder, samples, scenes // 4, seed, LARGE_SCENE, begin("large scenes", scenes // 4)
        ),
        "provenance": provenance(),
    }


def _sources(
    finder: FaceFinder, samples: Sequence[Sample], count: Callable[[int], None]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return metrics per origin, and the pictures that could not be read, with the reason."""
    by_source: dict[str, list[tuple[float, int, float]]] = {}
    unreadable: dict[str, str] = {}
    for sample in samples:
        if sample.box is not None:
            key = f"{CLASSES[sample.label]}/{sample.origin}"
            try:
                loaded = load_for_finder(Picture(sample.path))
            except ImageError as error:
                unreadable[sample.name] = error.reason
            else:
                started = time.process_time()
                faces = detect_faces(loaded, finder)
                taken = time.process_time() - started
                iou = faces[0].box.iou(sample.box) if faces else 0.0
                by_source.setdefault(key, []).append((iou, len(faces), taken))
        count(1)
    rows = []
    for source, found in sorted(by_source.items()):
        ious, counts, times = zip(*found, strict=True)
        rows.append(
            {
                "source": source,
                "pictures": len(found),
                "recall": sum(iou > 0.5 for iou in ious) / len(found),
                "found": sum(n > 0 for n in counts) / len(found),
                "several": sum(n > 1 for n in counts) / len(found),
                "median_iou": statistics.median(ious),
                "median_ms": 1000 * statistics.median(times),
            }
        )
    return rows, unreadable


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
    finder: FaceFinder,
    samples: Sequence[Sample],
    scenes: int,
    seed: int,
    longer: int,
    count: Callable[[int], None],
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    files = _skimage()
    usable = [sample for sample in samples if sample.box is not None]
    hits: list[tuple[float, bool, int]] = []
    for index in range(scenes if usable else 0):
        scene = Image.open(files[BACKGROUNDS[index % len(BACKGROUNDS)]]).convert("RGB")
        scale = longer / max(scene.size)
        scene = scene.resize((round(scene.width * scale), round(scene.height * scale)))
        sample = usable[int(rng.integers(len(usable)))]
        portrait = Picture(sample.path).load()[0]
        assert sample.box is not None
        side = float(np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[-1]))))
        scale = side / sample.box.side
        size = (round(portrait.width * scale), round(portrait.height * scale))
        room = (scene.width - size[0], scene.height - size[1])
        if min(room) >= 0:
            x, y = (int(rng.integers(0, most + 1)) for most in room)
            scene.paste(portrait.resize(size, Image.Resampling.BICUBIC), (x, y))
            box = sample.box.scaled(scale)
            truth = Box(box.x + x, box.y + y, box.width, box.height)
            matches = [face.box.iou(truth) > 0.5 for face in find_faces(Picture(scene), finder)]
            hits.append((side, any(matches), len(matches) - sum(matches)))
        count(1)
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
                ["source", "pictures", "recall", "a face", "several", "median IoU", "median ms"],
                [
                    [
                        row["source"],
                        str(row["pictures"]),
                        f"{row['recall']:.1%}",
                        f"{row['found']:.1%}",
                        f"{row['several']:.1%}",
                        f"{row['median_iou']:.2f}",
                        f"{row['median_ms']:.1f}",
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
