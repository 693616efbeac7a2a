"""Find the face in every picture, as inference does.

The faces come from `fakeface.preprocessing.preprocess`, as in `Detector.predict`, so that training
sees the crops that the detector will see. Where the manifest has a box, the face that overlaps it
is taken, and the box itself where none does; else the largest face, or the full picture where there
is no face.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from fakeface import CropSpec, FaceFinder, ImageError
from fakeface.model_directory import FACE_FINDER, MODELS, read_model
from fakeface.preprocessing import PIXELS_VERSION, preprocess
from fakeface.types import Box
from train.data._cache import Cache
from train.data._dataset import Data, file_message
from train.data._sample import Sample
from train.progress import in_threads

OVERLAP = 0.3
"""Intersection over union from which a face found counts as the one in the manifest; finders
differ in how much forehead and chin they count in."""

_WAYS = {
    "found": "found",
    "manifest": "from the manifest",
    "whole": "without a face, taken whole",
}
"""Where boxes come from, in words."""

WHOLE = "whole"
"""Result of `finder_id` where no face is looked for."""


def finder_id(faces: str) -> str:
    """Return the identifier of the face finder: a hash over all that affects it, or `whole`."""
    if faces == WHOLE:
        return WHOLE
    info = read_model(MODELS / FACE_FINDER)
    text = json.dumps([PIXELS_VERSION, info.sha256, info.settings], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def locate(data: Data, faces: str, cache: Cache) -> Data:
    """Find the face in every picture, and the pictures that cannot be decoded.

    Every picture is decoded once; what was found is remembered by content and finder.

    Args:
        data: The pictures; boxes of the manifest are used as described above.
        faces: `find`, or `whole` to take every picture as a face crop (nothing is looked for, but
            every picture is still decoded once).
        cache: Where faces are remembered.

    Returns:
        The data with the boxes to crop by; pictures that cannot be decoded are left out and noted.
    """
    finder = None if faces == WHOLE else FaceFinder(MODELS / FACE_FINDER)
    stored = cache.append_only(f"faces-{finder_id(faces)}")
    todo = [s for s in data.samples if s.digest not in stored.records]
    errors: dict[str, str] = {}

    def detect(sample: Sample) -> list[list[float]] | str:
        try:
            prepared = preprocess(sample.path, finder, CropSpec(size=16), math.inf)
        except ImageError as error:
            return error.reason
        if finder is None:
            return []
        return [
            [round(v, 3) for v in (f.box.x, f.box.y, f.box.width, f.box.height)]
            for f in prepared.faces
        ]

    def results() -> Iterable[tuple[str, list[list[float]]]]:
        for sample, outcome in in_threads(detect, todo, "finding faces"):
            if isinstance(outcome, str):
                errors[sample.digest] = outcome
            else:
                yield sample.digest, outcome

    stored.add(results())
    tally: Counter[str] = Counter()
    samples = []
    for sample in data.samples:
        if sample.digest not in errors:
            detections = [Box(*numbers) for numbers in stored.records[sample.digest]]
            box, how = (None, WHOLE) if finder is None else _choose(detections, sample.box)
            tally[how] += 1
            samples.append(replace(sample, box=box))
    broken = [f"{s.name} ({errors[s.digest]})" for s in data.samples if s.digest in errors]
    ways = ", ".join(f"{tally[how]} {words}" for how, words in _WAYS.items() if tally[how])
    if finder is None:
        ways = "not looked for, every picture is taken whole"
    left_out = file_message("cannot be decoded and left out", broken)
    notes = (*data.notes, *left_out, f"face boxes: {ways}")
    return replace(data, samples=tuple(samples), notes=notes)


def _choose(detections: list[Box], listed: Box | None) -> tuple[Box | None, str]:
    """Choose the face to train on; return it and where it is from."""
    if listed is None:
        return (detections[0], "found") if detections else (None, WHOLE)
    best = max(detections, key=listed.iou, default=None)
    if best is not None and listed.iou(best) >= OVERLAP:
        return best, "found"
    return listed, "manifest"
