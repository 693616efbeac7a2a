"""From a source to the crops that the model sees: decode, find faces, cut them out.

Everything that costs time per picture and needs no model session but the face finder's; safe to
run in many threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._crop import CropSpec, crop, crop_box
from fakeface._errors import ImageError
from fakeface.faces._finder import Detection, FaceFinder
from fakeface.images._decode import MAX_PIXELS, Picture
from fakeface.images._frames import spread
from fakeface.images._read import size_of
from fakeface.images._semaphore import WeightedSemaphore
from fakeface.types import Box, Provenance, Source
from fakeface.types._heatmap import Heatmap, Method

PIXELS_VERSION = 2
"""Raise it by one whenever a change of code can change the pixels or the face boxes of any picture:
scores, faces and features that were cached under another version are computed anew."""

FINDER_SIDE = 1000
"""Large JPEG pictures are decoded at a fraction of their size for the face finder, but never to a
longer side below this many pixels."""

MIN_OVERSAMPLING = 2.0
"""Faces are cut from a reduced picture only where the cut is at least this many times as large
as what the model sees, so that reducing cannot be told from the resize that follows."""

READING = WeightedSemaphore(256 << 20)
"""Bytes of files that are in memory at once in all threads; a larger file is there alone."""

DECODING = WeightedSemaphore(2 * MAX_PIXELS)
"""Pixels that are decoded at once in all threads; each takes up to 12 bytes meanwhile."""


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """A picture ready for the model.

    Attributes:
        name: Name of the picture.
        size: Width and height of the upright picture in pixels.
        digest: BLAKE2b-128 of the encoded bytes; None for decoded sources.
        faces: The faces found, largest first, in pixels of the upright picture.
        scored: For every face, whether it is large enough to be scored.
        crops: RGB, uint8, shape (number of scored faces, spec.size, spec.size, 3): those of this
            frame, and behind them those of `others`.
        provenance: What the file says of its own origin, where that was read.
        frames: Frames or pages that the file holds.
        frame: Which of them this is, counted from 0.
        others: More frames of the same file that are scored, each without crops of its own.
    """

    name: str
    size: tuple[int, int]
    digest: str | None
    faces: tuple[Detection, ...]
    scored: tuple[bool, ...]
    crops: npt.NDArray[np.uint8]
    provenance: Provenance | None = None
    frames: int = 1
    frame: int = 0
    others: tuple[Preprocessed, ...] = ()


def preprocess(
    source: Source,
    finder: FaceFinder | None,
    spec: CropSpec,
    min_face: float,
    read_provenance: Callable[[bytes], Provenance] | None = None,
    frames: int = 1,
) -> Preprocessed:
    """Decode a picture, find its faces and cut them out.

    Args:
        source: Whatever `fakeface.types.Source` says.
        finder: Finds the faces; None takes the whole picture as one face crop.
        spec: What the model sees of a face.
        min_face: Faces whose longer side is below this many pixels are not judged.
        read_provenance: Reads what the bytes of a file say of its origin; None reads nothing.
        frames: Frames of a file that are scored, if it holds several.

    Returns:
        The faces, and the crops of those to judge.

    Raises:
        ImageError: The picture cannot be read.
    """
    with READING.take(size_of(source)):
        picture = Picture(source)
        first = _frame(picture, finder, spec, min_face)
        if read_provenance is not None and picture.encoded is not None:
            first = replace(first, provenance=read_provenance(picture.encoded))
        chosen = spread(picture.frames, frames) if picture.digest is not None else [0]
        if len(chosen) == 1:
            return first
        others = []
        for frame in chosen[1:]:
            try:
                others.append(_frame(picture.at(frame), finder, spec, min_face))
            except ImageError as error:
                where = f"frame {frame + 1} of {len(picture.frames)}"
                raise ImageError(error.source, f"{where}: {error.reason}") from error
    crops = np.concatenate([first.crops, *(other.crops for other in others)])
    without = crops[:0]
    return replace(
        first,
        crops=crops,
        others=tuple(
            replace(other, crops=without, provenance=first.provenance) for other in others
        ),
    )


def _frame(
    picture: Picture, finder: FaceFinder | None, spec: CropSpec, min_face: float
) -> Preprocessed:
    with DECODING.take(picture.pixels):
        found = (
            _from_full_image(picture, spec)
            if finder is None
            else _from_faces(picture, finder, spec, min_face)
        )
    if len(picture.frames) == 1:
        return found
    return replace(found, frames=len(picture.frames), frame=picture.frame)


def _from_faces(
    picture: Picture, finder: FaceFinder, spec: CropSpec, min_face: float
) -> Preprocessed:
    faces = detect_faces(load_for_finder(picture), finder)
    judged = tuple(found.box.side >= min_face for found in faces)
    boxes = [found.box for found, judge in zip(faces, judged, strict=True) if judge]
    return Preprocessed(
        picture.name, picture.size, picture.digest, faces, judged, _crops(picture, boxes, spec)
    )


def load_for_finder(picture: Picture) -> tuple[Image.Image, float]:
    """Decode a picture as the face finder sees it.

    Args:
        picture: The picture.

    Returns:
        The upright image, and its size as a share of the picture's.

    Raises:
        ImageError: The pixels cannot be decoded.
    """
    return picture.load(reduction_factor(max(picture.size) / FINDER_SIDE))


def detect_faces(loaded: tuple[Image.Image, float], finder: FaceFinder) -> tuple[Detection, ...]:
    """Find the faces in what `load_for_finder` gave, largest first, in pixels of the picture."""
    image, scale = loaded
    faces = tuple(finder.find(image))
    if scale == 1:
        return faces
    return tuple(Detection(found.box.scaled(1 / scale), found.score) for found in faces)


def crop_picture(picture: Picture, box: Box | None, spec: CropSpec) -> npt.NDArray[np.uint8]:
    """Cut one known face out of a picture, as `prepare` would.

    Args:
        picture: The picture.
        box: The face in pixels of the upright picture; None when it is a face crop already.
        spec: What the model sees of a face.

    Returns:
        RGB, uint8, shape (spec.size, spec.size, 3).

    Raises:
        ImageError: The pixels cannot be decoded.
    """
    image, scale = _load_for(picture, [box], spec)
    return crop(image, box and box.scaled(scale), spec)


def _from_full_image(picture: Picture, spec: CropSpec) -> Preprocessed:
    width, height = picture.size
    face = Detection(Box(0, 0, width, height), 1.0)
    crops = crop_picture(picture, None, spec)[np.newaxis]
    return Preprocessed(picture.name, picture.size, picture.digest, (face,), (True,), crops)


def _crops(picture: Picture, boxes: list[Box], spec: CropSpec) -> npt.NDArray[np.uint8]:
    if not boxes:
        return np.empty((0, spec.size, spec.size, 3), np.uint8)
    image, scale = _load_for(picture, boxes, spec)
    crops = [crop(image, box.scaled(scale), spec)[np.newaxis] for box in boxes]
    return crops[0] if len(crops) == 1 else np.concatenate(crops)


def _load_for(
    picture: Picture, boxes: list[Box] | list[Box | None] | list[None], spec: CropSpec
) -> tuple[Image.Image, float]:
    """Decode as small as the smallest of the cuts allows, and as `MAX_PIXELS` demands."""
    side = min(crop_box(box, picture.size, spec.margin).side for box in boxes)
    least = next((f for f in (1, 2, 4) if picture.pixels <= MAX_PIXELS * f * f), 8)
    return picture.load(reduction_factor(max(least, side / (spec.size * MIN_OVERSAMPLING))))


def reduction_factor(most: float) -> int:
    """The largest of 1, 2, 4 and 8 that is not above `most`."""
    return next((factor for factor in (8, 4, 2) if factor <= most), 1)


def locate_heatmaps(
    preprocessed: Preprocessed,
    maps: Sequence[npt.NDArray[np.float32]],
    margin: float,
    method: Method,
) -> list[Heatmap]:
    """Tell maps where in their picture they lie.

    Args:
        preprocessed: The picture.
        maps: One for every judged face, in order, each of shape (h, w).
        margin: That of the crop which the model saw (`CropSpec.margin`).
        method: How the maps were made.

    Returns:
        The maps on the squares that the model saw.
    """
    faces = [f for f, judged in zip(preprocessed.faces, preprocessed.scored, strict=True) if judged]
    return [
        Heatmap(values, crop_box(found.box, preprocessed.size, margin), preprocessed.size, method)
        for found, values in zip(faces, maps, strict=True)
    ]
