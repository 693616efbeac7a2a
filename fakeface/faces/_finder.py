"""Find faces with two small networks that confirm each other's detections."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from fakeface._errors import ModelError
from fakeface._model import ModelInfo, reopened
from fakeface._sessions import watch
from fakeface.faces._blazeface import MAX_ANCHORS, BlazeFace, Settings
from fakeface.faces._boxes import NO_BOXES, Floats, overlaps, suppress
from fakeface.types import Box

FAR = "far"
"""Sub-directory of the model directory that holds the full range network."""

CONFIDENCE_THRESHOLD = 0.8
"""A detection of the short range network with at least this score needs no confirmation; on
pictures without people its scores stay below."""

PADDED_SCALE = 0.6
"""If no detection reaches `CONFIDENCE_THRESHOLD`, the network runs again on the picture shrunk to
this fraction of its input, with a border: a face that fills the picture needs room around it."""

FAR_SIDES = (192, 576)
"""Longer sides in pixels at which the full range network sees the picture, one pass after the
other, until the faces found are large enough (`STOP_RATIO`)."""

FAR_REDUCING_GAP = 1.75
"""How far large pictures are reduced for the full range network, see
`fakeface.faces._blazeface.REDUCING_GAP`. At 2 a picture of 1,024 pixels could only be halved, not
divided by three, which takes a third less time."""

STOP_RATIO = 1.5
"""The search ends when the largest face is this many times as large as the smallest face that the
last pass can find."""

TILE_OVERLAP = 96
"""Pixels of the network's input by which tiles of large pictures overlap; a face that is larger
there was found in the whole picture."""

MAX_TILES = 40
"""Tiles of a picture at most; each takes as long as the last pass over a whole picture."""

SAME_FACE_IOU = 0.3
"""Boxes whose intersection over union is greater are the same face."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A detected face.

    Attributes:
        box: Its bounding box, in pixels of the picture.
        score: Confidence of the face finder, 0 to 1.
        upside_down: Whether it was found in the picture turned by 180 degrees.
    """

    box: Box
    score: float
    upside_down: bool = False


class FaceFinder:
    """Finds the faces in a picture; may be shared between threads.

    The short range network of BlazeFace runs on the full picture. Its confident detections count;
    the others count if the full range network confirms them on a close-up. If there may be smaller
    faces, the full range network searches for them at growing resolutions, and the short range
    network confirms. The search ends when the largest face found is clearly larger than the
    smallest that can be found: people in one picture have faces of similar size, and most pictures
    take a single forward pass.

    Attributes:
        info: The model's description; its sha256 covers both networks.
        near: The short range network.
    """

    def __init__(self, path: Path) -> None:
        """Load, check and open the model, on one thread of the CPU.

        Args:
            path: The model's directory.

        Raises:
            ModelError: The directory is not a face finder that can run.
        """
        self.near = BlazeFace(path.absolute())
        self.info: ModelInfo = self.near.info
        self._far: BlazeFace | None = None
        self._lock = Lock()
        watch(self)

    def after_fork(self) -> None:
        """Replace the lock, which another thread of the parent may have held."""
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what opens it again."""
        return reopened(FaceFinder, self.info)

    @property
    def far(self) -> BlazeFace:
        """The full range network, opened on first use (errors as for `FaceFinder`)."""
        with self._lock:
            if self._far is None:
                far = BlazeFace(self.info.path / FAR, FAR_REDUCING_GAP)
                if far.info.sha256 != self.info.settings.get("far_sha256"):
                    raise ModelError(
                        self.info.name, f"{FAR}/ is of another version; reinstall or export again"
                    )
                self._far = far
            return self._far

    def find(self, image: Image.Image) -> list[Detection]:
        """Find the faces in a picture.

        Args:
            image: Upright RGB image of any size.

        Returns:
            The faces, largest first, in pixels of `image`.
        """
        return _largest_first(*self._search(image))

    def find_upside_down(self, image: Image.Image) -> list[Detection]:
        """Find the faces of a portrait that is upside down.

        Only the short range network looks, for faces that are large in the picture.

        Args:
            image: RGB image of any size.

        Returns:
            As `find` does.
        """
        boxes, scores = self._short_range_pass(image.transpose(Image.Transpose.ROTATE_180))
        size = np.array([*image.size] * 2, np.float32)
        faces = _largest_first((size - boxes)[:, [2, 3, 0, 1]], scores)
        return [replace(face, upside_down=True) for face in faces]

    def find_small(self, image: Image.Image, smallest: float) -> list[Detection]:
        """Find faces that are small in a large picture, tile by tile.

        Args:
            image: Upright RGB image of any size.
            smallest: Longer side of the smallest faces to find, in pixels of `image`; of very large
                ones the faces have to be larger, so that there are at most `MAX_TILES`.

        Returns:
            As `find` does, at most `MAX_ANCHORS`.
        """
        far = self.far
        found = [NO_BOXES]
        for region, size in _tiles(image.size, far.settings.smallest / smallest, far.settings):
            found += far.detect(image, region, size)
        boxes, scores = (np.concatenate(each) for each in zip(*found, strict=True))
        boxes, scores = suppress(boxes, scores, SAME_FACE_IOU)  # tiles overlap
        boxes, scores = boxes[:MAX_ANCHORS], scores[:MAX_ANCHORS]
        if not len(boxes):
            return []
        return _largest_first(*_agreed(boxes, _confirm(self.near, image, boxes, scores)))

    def _search(self, image: Image.Image) -> tuple[Floats, Floats]:
        """Run one pass after the other until the faces found are large enough."""
        longer = max(image.size)
        near = self.near.settings
        boxes, scores = self._short_range_pass(image)
        smallest = near.smallest * longer / near.side
        for side in FAR_SIDES:
            if _largest(boxes) >= STOP_RATIO * smallest or side > longer:
                break
            found = self._full_range_pass(image, side, boxes, scores)
            if len(boxes):
                boxes, scores = suppress(
                    np.concatenate([boxes, found[0]]),
                    np.concatenate([scores, found[1]]),
                    SAME_FACE_IOU,
                )
            else:
                boxes, scores = found
            smallest = self.far.settings.smallest * longer / side
        return boxes, scores

    def _short_range_pass(self, image: Image.Image) -> tuple[Floats, Floats]:
        near = self.near
        size = (near.settings.side, near.settings.side)
        boxes, scores = near.detect(image, _centred(image, 1.0), size)[0]
        if not len(scores) or scores[0] < CONFIDENCE_THRESHOLD:  # best first
            again = near.detect(image, _centred(image, 1 / PADDED_SCALE), size)[0]
            boxes, scores = suppress(
                np.concatenate([boxes, again[0]]), np.concatenate([scores, again[1]]), SAME_FACE_IOU
            )
        doubtful = scores < CONFIDENCE_THRESHOLD
        if not doubtful.any():
            return boxes, scores
        scores = scores.copy()
        scores[doubtful] = _confirm(self.far, image, boxes[doubtful], scores[doubtful])
        return _agreed(boxes, scores)

    def _full_range_pass(
        self, image: Image.Image, side: int, known: Floats, known_scores: Floats
    ) -> tuple[Floats, Floats]:
        """Search the picture at a longer side of `side` pixels.

        A detection that overlaps a known face is confirmed by it; only the others need the short
        range network to look closer.
        """
        far = self.far
        scale = side / max(image.size)
        size = (
            _round_up(image.width * scale, far.settings.multiple),
            _round_up(image.height * scale, far.settings.multiple),
        )
        full = np.array([[0, 0, *image.size]], np.float32)
        boxes, scores = far.detect(image, full, size)[0]
        if not len(boxes):
            return boxes, scores
        confirmed = np.zeros_like(scores)
        for i, box in enumerate(boxes if len(known) else ()):
            same = known_scores[overlaps(known, box) > SAME_FACE_IOU]
            if len(same):
                confirmed[i] = (scores[i] + same.max()) / 2
        new = confirmed == 0
        if new.any():
            confirmed[new] = _confirm(self.near, image, boxes[new], scores[new])
        return _agreed(boxes, confirmed)


def _largest_first(boxes: Floats, scores: Floats) -> list[Detection]:
    faces = [
        Detection(Box(left, top, right - left, bottom - top), score)
        for (left, top, right, bottom), score in zip(boxes.tolist(), scores.tolist(), strict=True)
    ]
    return sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)


def _tiles(
    size: tuple[int, int], scale: float, settings: Settings
) -> Iterator[tuple[Floats, tuple[int, int]]]:
    """Cover a picture with at most `MAX_TILES`, which overlap by more than a small face.

    `scale` is that of the network's input to the picture; it shrinks where tiles would be too many.

    Yields:
        The region of each, as for `BlazeFace.detect`, and the size of the network's input for it.
    """
    scale = min(scale, 1.0)
    while True:
        (columns, width), (rows, height) = (_spans(side * scale) for side in size)
        if columns * rows <= MAX_TILES:
            break
        scale *= 0.9
    inputs = (_round_up(width, settings.multiple), _round_up(height, settings.multiple))
    for row in range(rows):
        for column in range(columns):
            left = (size[0] - width / scale) * column / max(1, columns - 1)
            top = (size[1] - height / scale) * row / max(1, rows - 1)
            region = [left, top, left + width / scale, top + height / scale]
            yield np.array([region], np.float32), inputs


def _spans(side: float) -> tuple[int, float]:
    """Number and length of the tiles along one side, both in pixels of the network's input."""
    number = max(1, math.ceil((side - TILE_OVERLAP) / (FAR_SIDES[-1] - TILE_OVERLAP)))
    return number, (side + (number - 1) * TILE_OVERLAP) / number


def _confirm(network: BlazeFace, image: Image.Image, boxes: Floats, scores: Floats) -> Floats:
    """Run a network on a close-up of each detection.

    Returns:
        The mean of both networks' scores for each detection, shape (n,); 0 if not confirmed.
    """
    settings = network.settings
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) * settings.margin / 2
    regions = np.concatenate([centres - half, centres + half], axis=1)
    confirmed = np.zeros_like(scores)
    passes = network.detect(image, regions, (settings.side, settings.side))
    for i, (others, seen) in enumerate(passes):
        if not len(seen):
            continue
        agreeing = seen[overlaps(others, boxes[i]) > SAME_FACE_IOU]
        if len(agreeing) and agreeing.max() >= settings.confirm:
            confirmed[i] = (scores[i] + agreeing.max()) / 2
    return confirmed


def _agreed(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return the detections that `_confirm` has confirmed."""
    agreed = scores > 0
    return (boxes, scores) if agreed.all() else (boxes[agreed], scores[agreed])


def _largest(boxes: Floats) -> float:
    """Return the longest side of any of the boxes; 0 if there are none."""
    return float((boxes[:, 2:] - boxes[:, :2]).max(initial=0))


def _centred(image: Image.Image, factor: float) -> Floats:
    """Return the square around a picture, `factor` times its longer side, shape (1, 4)."""
    half = max(image.size) * factor / 2
    x, y = image.width / 2, image.height / 2
    return np.array([[x - half, y - half, x + half, y + half]], np.float32)


def _round_up(length: float, multiple: int) -> int:
    return max(1, -int(-length // multiple)) * multiple
