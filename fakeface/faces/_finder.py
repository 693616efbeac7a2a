"""Where the faces are: two small networks that look for faces and confirm each other's finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface._errors import ModelError
from fakeface._model import ModelInfo
from fakeface.faces._blazeface import BlazeFace
from fakeface.faces._boxes import NOTHING, Floats, overlaps, suppress
from fakeface.types import Box

if TYPE_CHECKING:
    import onnxruntime as ort

FAR = "far"
"""Sub-directory of the model directory that holds the full range network."""

SURE = 0.8
"""A face that the short range network finds with this score needs no confirmation: on pictures
without people its scores stay below."""

BORDER = 0.6
"""Where no face is sure, the picture is looked at again at this share of the input's side: a face
that fills the picture is found only with room around it."""

FAR_SIDES = (192, 576)
"""Longer sides that the full range network sees the picture at, one after the other, while only
small faces are found."""

ENOUGH = 1.5
"""The search ends when the largest face is this many times as large as the smallest looked for."""

SAME = 0.3
"""Boxes with a greater intersection over union are the same face."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that was found.

    Attributes:
        box: Where it is, in pixels of the picture.
        score: How sure the finder is, 0 to 1.
    """

    box: Box
    score: float


class FaceFinder:
    """Finds the faces in a picture; may be shared between threads.

    The short range network of BlazeFace looks at the whole picture. What it is sure of counts;
    what it merely suspects counts when the full range network, looking closer, agrees. Where
    there may be smaller faces, the full range network looks for them at growing sizes, and then
    the short range network has to agree. The search ends when the largest face found is clearly
    larger than the smallest looked for: people in one picture have faces of similar size, and
    most pictures are done after the first look.

    Attributes:
        info: The model's description; its sha256 stands for both networks.
        near: The short range network.
    """

    def __init__(
        self,
        path: Path,
        provider: str = "cpu",
        threads: int | None = 1,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load, check and open the model.

        Args:
            path: The model's directory.
            provider: `auto`, or the name of an execution provider.
            threads: Threads inside an operator; None for one per processor.
            session_options: Session options to use instead of fakeface's own.

        Raises:
            ModelError: The directory is not a face finder that can run.
            ProviderError: The provider is not there.
        """
        self._options = (provider, threads, session_options)
        self.near = BlazeFace(path, *self._options)
        self.info: ModelInfo = self.near.info
        self._far: BlazeFace | None = None
        self._lock = Lock()

    @property
    def far(self) -> BlazeFace:
        """The full range network, opened when it is first needed (errors as for `FaceFinder`)."""
        with self._lock:
            if self._far is None:
                far = BlazeFace(self.info.path / FAR, *self._options)
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
        boxes, scores = NOTHING
        for more_boxes, more_scores, smallest in self._looks(image):
            if len(boxes):
                more_boxes = np.concatenate([boxes, more_boxes])
                more_scores = np.concatenate([scores, more_scores])
                more_boxes, more_scores = suppress(more_boxes, more_scores, SAME)
            boxes, scores = more_boxes, more_scores
            if len(boxes) and (boxes[:, 2:] - boxes[:, :2]).max() >= ENOUGH * smallest:
                break
        found = [
            Detection(Box(left, top, right - left, bottom - top), score)
            for (left, top, right, bottom), score in zip(
                boxes.tolist(), scores.tolist(), strict=True
            )
        ]
        return sorted(found, key=lambda face: face.box.width * face.box.height, reverse=True)

    def _looks(self, image: Image.Image) -> Iterator[tuple[Floats, Floats, float]]:
        """Faces of one look after the other, and the smallest that each would have found."""
        longer = max(image.size)
        near = self.near.settings
        yield *self._look_near(image), near.smallest * longer / near.side
        for side in FAR_SIDES:
            if side <= longer:
                yield *self._look_far(image, side), self.far.settings.smallest * longer / side

    def _look_near(self, image: Image.Image) -> tuple[Floats, Floats]:
        near = self.near
        size = (near.settings.side, near.settings.side)
        boxes, scores = near.look(image, _centred(image, 1.0), size)[0]
        if not len(scores) or scores[0] < SURE:  # best first
            again = near.look(image, _centred(image, 1 / BORDER), size)[0]
            boxes, scores = suppress(
                np.concatenate([boxes, again[0]]), np.concatenate([scores, again[1]]), SAME
            )
        unsure = scores < SURE
        if not unsure.any():
            return boxes, scores
        scores = scores.copy()
        scores[unsure] = _confirm(self.far, image, boxes[unsure], scores[unsure])
        return _agreed(boxes, scores)

    def _look_far(self, image: Image.Image, side: int) -> tuple[Floats, Floats]:
        far = self.far
        scale = side / max(image.size)
        size = (
            _round_up(image.width * scale, far.settings.multiple),
            _round_up(image.height * scale, far.settings.multiple),
        )
        whole = np.array([[0, 0, image.width, image.height]], np.float32)
        boxes, scores = far.look(image, whole, size)[0]
        if not len(boxes):
            return boxes, scores
        return _agreed(boxes, _confirm(self.near, image, boxes, scores))


def _confirm(network: BlazeFace, image: Image.Image, boxes: Floats, scores: Floats) -> Floats:
    """Scores of faces after a network has looked closely: the mean, or 0 where it disagrees."""
    settings = network.settings
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) * settings.margin / 2
    regions = np.concatenate([centres - half, centres + half], axis=1)
    confirmed = np.zeros_like(scores)
    looks = network.look(image, regions, (settings.side, settings.side))
    for i, (others, seen) in enumerate(looks):
        if not len(seen):
            continue
        agreeing = seen[overlaps(others, boxes[i]) > SAME]
        if len(agreeing) and agreeing.max() >= settings.confirm:
            confirmed[i] = (scores[i] + agreeing.max()) / 2
    return confirmed


def _agreed(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """What is left of faces once `_confirm` has scored them."""
    agreed = scores > 0
    return (boxes, scores) if agreed.all() else (boxes[agreed], scores[agreed])


def _centred(image: Image.Image, factor: float) -> Floats:
    """The square around a picture, `factor` times as large as its longer side, shape (1, 4)."""
    half = max(image.size) * factor / 2
    x, y = image.width / 2, image.height / 2
    return np.array([[x - half, y - half, x + half, y + half]], np.float32)


def _round_up(length: float, multiple: int) -> int:
    return max(1, -int(-length // multiple)) * multiple
