"""BlazeFace: from a region of a picture to the boxes of faces in it.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019
(arXiv:1907.05047).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._errors import ModelError
from fakeface._model import ModelInfo
from fakeface._providers import open_model, run_session
from fakeface.faces._boxes import NO_BOXES, Floats, anchors, calibrate, decode, suppress

if TYPE_CHECKING:
    import onnxruntime as ort

MAX_ANCHORS = 64
"""Most anchors kept, best first: no picture has that many faces to score, and a picture made to
raise thousands must not cost memory and time."""

REDUCING_GAP = 2.0
"""Large pictures are first reduced by integer factors to at least this many times the size that a
network sees."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to decode the output of one network, as its `model.json` says.

    Attributes:
        strides: Pixels between the cells of each grid of anchors.
        per_cell: Anchors in every cell of each grid.
        score: Anchors below this score are ignored, 0 to 1.
        overlap: Boxes with a greater intersection over union are the same face, 0 to 1.
        shift: How far the centre of a face lies from the centre of the network's box, right and
            down, in sides of that box.
        scale: Width and height of a face in widths and heights of the network's box.
        side: Side of the square that the network was trained on, in pixels.
        multiple: Sides of its input are multiples of this many pixels.
        smallest: Longer side of the smallest face that the network finds reliably, in pixels of
            its input.
        margin: Side of the close-up for confirming a face, as a multiple of the longer side of
            the face.
        confirm: Score at which the network confirms a face, 0 to 1.
    """

    strides: tuple[int, ...]
    per_cell: tuple[int, ...]
    score: float
    overlap: float
    shift: tuple[float, float]
    scale: tuple[float, float]
    side: int
    multiple: int
    smallest: float
    margin: float
    confirm: float


class BlazeFace:
    """One network in a session; may be shared between threads.

    Attributes:
        info: The model's description.
        settings: How to decode its output.
    """

    def __init__(self, path: Path, reducing_gap: float = REDUCING_GAP) -> None:
        """Load, check and open a network; errors are those of `FaceFinder`.

        Args:
            path: Directory of the network.
            reducing_gap: See `REDUCING_GAP`; at least 1. Less is faster and less exact.
        """
        self._reducing_gap = reducing_gap
        self.info: ModelInfo
        self.info, self._session = open_model(path, "face-finder", "cpu", threads=1)
        known = {field.name for field in fields(Settings)}
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self.info.settings.items()
            if name in known
        }
        try:
            self.settings = Settings(**given)
        except TypeError as error:
            raise ModelError(self.info.name, f"model.json: settings: {error}") from error

    @property
    def session(self) -> ort.InferenceSession:
        """The ONNX Runtime session; in a forked process one of its own."""
        return self._session.get()

    def detect(
        self, image: Image.Image, regions: Floats, size: tuple[int, int]
    ) -> list[tuple[Floats, Floats]]:
        """Detect faces in regions of a picture, in one forward pass.

        Args:
            image: Upright RGB image.
            regions: Left, top, right, bottom in pixels of `image`, shape (n, 4), n at least 1;
                parts outside the image are black.
            size: Width and height of the network's input for each region, multiples of its
                largest stride.

        Returns:
            The faces of each region, best first: boxes in pixels of `image`, shape (k, 4), and
            scores from 0 to 1, shape (k,).
        """
        canvas = np.zeros((len(regions), size[1], size[0], 3), np.uint8)
        frames = [
            _letterbox(image, region, part, self._reducing_gap)
            for region, part in zip(regions, canvas, strict=True)
        ]
        raw, scores = run_session(self.info.name, self.session, ["boxes", "scores"], canvas)
        return [self._read(*each) for each in zip(raw, scores, frames, strict=True)]

    def _read(self, raw: Floats, scores: Floats, frame: Frame) -> tuple[Floats, Floats]:
        # Few of the thousands of anchors are candidates; of the others only the score is read.
        settings = self.settings
        (candidates,) = (scores > settings.score).nonzero()
        raw = raw.take(candidates, axis=0)
        real = np.minimum(raw[:, 2], raw[:, 3]) > 0
        if not real.all():
            candidates, raw = candidates[real], raw[real]
        if not len(candidates):
            return NO_BOXES
        scores = scores.take(candidates)
        if len(candidates) > MAX_ANCHORS:
            best = (-scores).argsort(kind="stable")[:MAX_ANCHORS]
            candidates, raw, scores = candidates[best], raw[best], scores[best]
        centres = _anchors(frame.size, settings.strides, settings.per_cell).take(candidates, axis=0)
        boxes, scores = suppress(decode(raw, centres), scores, settings.overlap)
        return frame.to_image(calibrate(boxes, settings.shift, settings.scale)), scores


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a region of a picture lies on the network's input.

    Attributes:
        size: Width and height of the input in pixels.
        origin: Left and top edge of the region, in pixels of the input.
        corner: Left and top edge of the region, in pixels of the picture.
        stretch: Pixels of the picture per pixel of the input, horizontally and vertically.
    """

    size: tuple[int, int]
    origin: tuple[float, float]
    corner: tuple[float, float]
    stretch: tuple[float, float]

    def to_image(self, boxes: Floats) -> Floats:
        """Convert boxes on the input, shape (n, 4), to boxes in the picture."""
        rows = np.array((self.origin * 2, self.stretch * 2, self.corner * 2), np.float32)
        origin, stretch, corner = rows
        out: Floats = (boxes - origin) * stretch + corner
        return out


def _letterbox(
    image: Image.Image, region: Floats, canvas: npt.NDArray[np.uint8], reducing_gap: float
) -> Frame:
    """Letterbox a region of a picture onto a black canvas, distorted by less than a pixel."""
    height, width = canvas.shape[:2]
    scale = min(width / (region[2] - region[0]), height / (region[3] - region[1]))
    # the part of the region inside the picture, and its position on the canvas
    inside = (
        max(float(region[0]), 0.0),
        max(float(region[1]), 0.0),
        min(float(region[2]), float(image.width)),
        min(float(region[3]), float(image.height)),
    )
    middle = ((region[0] + region[2]) / 2, (region[1] + region[3]) / 2)
    left, across = _span(inside[0], inside[2], middle[0], scale, width)
    top, down = _span(inside[1], inside[3], middle[1], scale, height)
    part = image.resize(
        (across, down), Image.Resampling.BILINEAR, box=inside, reducing_gap=reducing_gap
    )
    canvas[top : top + down, left : left + across] = np.asarray(part)
    return Frame(
        size=(width, height),
        origin=(left, top),
        corner=inside[:2],
        stretch=((inside[2] - inside[0]) / across, (inside[3] - inside[1]) / down),
    )


def _span(start: float, end: float, middle: float, scale: float, side: int) -> tuple[int, int]:
    """Return start and length on one axis of the input of a span of the picture."""
    length = min(max(round((end - start) * scale), 1), side)
    first = round((start - middle) * scale + side / 2)
    return min(max(first, 0), side - length), length


_anchors = lru_cache(maxsize=64)(anchors)
