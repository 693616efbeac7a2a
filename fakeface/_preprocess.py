"""From a picture to the crops that the model sees: decode, find faces, crop them.

All the work per picture that does not need the classifier; safe to run in many threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._crop import CropSpec, crop, crop_box
from fakeface._errors import ImageError
from fakeface.faces._find import find_faces
from fakeface.faces._finder import Detection, FaceFinder
from fakeface.images._decode import MAX_PIXELS, Picture, reduction_factor
from fakeface.images._frames import spread
from fakeface.images._read import size_of
from fakeface.images._semaphore import WeightedSemaphore
from fakeface.types import Box, Provenance, Source
from fakeface.types._heatmap import Heatmap, Method

PIXELS_VERSION = 4
"""Increment it whenever a change of code can change the pixels or the face boxes of any picture:
scores, faces and features cached under another version are computed again."""

MIN_OVERSAMPLING = 2.0
"""Faces are cropped from a reduced picture only if the crop box is at least this many times as
large as the model's input, so that the resize that follows hides the reduction."""

READING = WeightedSemaphore(256 << 20)
"""Bytes of files in memory at once, in all threads; a larger file is read alone."""

DECODING = WeightedSemaphore(2 * MAX_PIXELS)
"""Pixels being decoded at once, in all threads; each takes up to 12 bytes meanwhile."""


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """A picture ready for the model.

    Attributes:
        name: Name of the picture.
        size: Width and height of the upright picture in pixels.
        digest: BLAKE2b-128 of the encoded bytes in hexadecimal; None for decoded sources.
        faces: The faces found, largest first, in pixels of the upright picture.
        scored: For every face, whether it is large enough to be scored.
        crops: RGB, uint8, shape (number of scored faces, spec.size, spec.size, 3).
        provenance: What the file says of its own origin; None if it was not read.
        frames: Frames or pages that the file holds.
        frame: Which of them this is, counted from 0.
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


def preprocess(
    source: Source, finder: FaceFinder | None, spec: CropSpec, min_face: float
) -> Preprocessed:
    """Decode a picture, find its faces and crop them.

    Args:
        source: The picture, in any form of `fakeface.Source`; of several frames the first.
        finder: The face finder; None treats the picture as already cropped to one face.
        spec: Size, margin and filter of the crops.
        min_face: Faces whose longer side is below this many pixels are not scored.

    Returns:
        The faces, and the crops of those to score.

    Raises:
        ImageError: The picture cannot be read.
    """
    return preprocess_frames(source, finder, spec, min_face)[0]


def preprocess_frames(
    source: Source,
    finder: FaceFinder | None,
    spec: CropSpec,
    min_face: float,
    frames: int = 1,
    read_provenance: Callable[[bytes], Provenance] | None = None,
    name: str | None = None,
    exact: bool = False,
) -> list[Preprocessed]:
    """Decode a picture, find its faces and crop them, in each of several frames.

    Args:
        source: As for `preprocess`.
        finder: As for `preprocess`.
        spec: As for `preprocess`.
        min_face: As for `preprocess`.
        frames: Frames of a file that are scored, if it holds several.
        read_provenance: Reads what the bytes of a file say of its origin; None to skip that.
        name: Name of the picture; None for its own.
        exact: Whether to decode JPEG pictures in full however few pixels are needed.

    Returns:
        The frames, at least one.

    Raises:
        ImageError: The picture, or one of its frames, cannot be read.
    """
    with READING.take(size_of(source)):
        picture = Picture(source, name, exact)
        found = [_frame(picture, finder, spec, min_face)]
        provenance = None
        if read_provenance is not None and picture.encoded is not None:
            provenance = read_provenance(picture.encoded)
        chosen = spread(picture.frames, frames) if picture.digest is not None else [0]
        for frame in chosen[1:]:
            try:
                found.append(_frame(picture.at(frame), finder, spec, min_face))
            except ImageError as error:
                where = f"frame {frame + 1} of {len(picture.frames)}"
                raise ImageError(error.source, f"{where}: {error.reason}") from error
    return found if provenance is None else [replace(f, provenance=provenance) for f in found]


def _frame(
    picture: Picture, finder: FaceFinder | None, spec: CropSpec, min_face: float
) -> Preprocessed:
    with DECODING.take(picture.pixels):
        preprocessed = (
            _from_full_image(picture, spec)
            if finder is None
            else _from_faces(picture, finder, spec, min_face)
        )
    if len(picture.frames) == 1:
        return preprocessed
    return replace(preprocessed, frames=len(picture.frames), frame=picture.frame)


def _from_faces(
    picture: Picture, finder: FaceFinder, spec: CropSpec, min_face: float
) -> Preprocessed:
    faces = find_faces(picture, finder)
    scored = tuple(face.box.side >= min_face for face in faces)
    large = [face for face, is_scored in zip(faces, scored, strict=True) if is_scored]
    crops = _crops(picture, large, spec)
    return Preprocessed(picture.name, picture.size, picture.digest, faces, scored, crops)


def crop_picture(picture: Picture, box: Box | None, spec: CropSpec) -> npt.NDArray[np.uint8]:
    """Crop one known face, exactly as `preprocess` does.

    Args:
        picture: The picture.
        box: The face in pixels of the upright picture; None if the picture is already cropped.
        spec: Size, margin and filter of the crops.

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


def _crops(picture: Picture, faces: list[Detection], spec: CropSpec) -> npt.NDArray[np.uint8]:
    if not faces:
        return np.empty((0, spec.size, spec.size, 3), np.uint8)
    image, scale = _load_for(picture, [face.box for face in faces], spec)
    crops = []
    for face in faces:
        pixels = crop(image, face.box.scaled(scale), spec)
        crops.append((turned(pixels) if face.upside_down else pixels)[np.newaxis])
    return crops[0] if len(crops) == 1 else np.concatenate(crops)


def _load_for(
    picture: Picture, boxes: list[Box] | list[Box | None] | list[None], spec: CropSpec
) -> tuple[Image.Image, float]:
    """Decode at the smallest size that all crops allow, and that `MAX_PIXELS` requires."""
    side = min(crop_box(box, picture.size, spec.margin).side for box in boxes)
    least = next((f for f in (1, 2, 4) if picture.pixels <= MAX_PIXELS * f * f), 8)
    return picture.load(reduction_factor(max(least, side / (spec.size * MIN_OVERSAMPLING))))


def locate_heatmaps(
    preprocessed: Preprocessed,
    maps: Iterable[npt.NDArray[np.float32]],
    margin: float,
    method: Method,
    share: float = 1.0,
) -> list[Heatmap]:
    """Place evidence maps in the picture that they belong to.

    Args:
        preprocessed: The picture.
        maps: One for every scored face, in order, each of shape (h, w).
        margin: `CropSpec.margin` of the crops.
        method: How the maps were made.
        share: Side of what a map covers as a share of the crop's.

    Returns:
        The heat maps, each over the crop box of its face, or the middle of it.
    """
    faces = [
        face for face, scored in zip(preprocessed.faces, preprocessed.scored, strict=True) if scored
    ]
    return [
        Heatmap(
            turned(values) if face.upside_down else values,
            _middle(crop_box(face.box, preprocessed.size, margin), share),
            preprocessed.size,
            method,
        )
        for face, values in zip(faces, maps, strict=True)
    ]


def _middle(box: Box, share: float) -> Box:
    inset = (1 - share) / 2
    return Box(
        box.x + inset * box.width,
        box.y + inset * box.height,
        share * box.width,
        share * box.height,
    )


def turned(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn a crop or a map by 180 degrees."""
    return np.ascontiguousarray(pixels[::-1, ::-1])
