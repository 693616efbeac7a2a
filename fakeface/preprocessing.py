"""From a picture to the crops that a model sees: the one pixel path of training and inference.

`preprocess` does all of it, as `Detector.predict` does: decode, find the faces, crop. The other
functions are its steps, for programs that know the faces already or measure a step alone. All are
safe to run in many threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._crop import FILTERS, CropSpec, crop, crop_box
from fakeface._errors import ImageError
from fakeface.concurrency import WeightedSemaphore
from fakeface.faces._find import FINDER_SIDE, detect_faces, find_faces, load_for_finder
from fakeface.faces._finder import Detection, FaceFinder
from fakeface.images._decode import MAX_PIXELS, Picture, reduction_factor
from fakeface.images._frames import spread
from fakeface.images._read import size_of
from fakeface.types import Box, Provenance, Source
from fakeface.types._heatmap import Heatmap, Method

__all__ = [
    "FILTERS",
    "FINDER_SIDE",
    "MIN_OVERSAMPLING",
    "PIXELS_VERSION",
    "CropSpec",
    "Preprocessed",
    "crop",
    "crop_box",
    "crop_picture",
    "detect_faces",
    "find_faces",
    "load_for_finder",
    "preprocess",
    "reduction_factor",
]

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
    """Decode a picture, find its faces and crop them, in each of at most so many `frames`.

    `read_provenance` reads what the bytes of a file say of their origin, `name` takes the place of
    the picture's own, and `exact` decodes JPEG pictures in full however few pixels are needed. The
    rest is as for `preprocess`.

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
        if finder is None:  # all of it is one face
            faces: tuple[Detection, ...] = (Detection(Box(0, 0, *picture.size), 1.0),)
            scored: tuple[bool, ...] = (True,)
            crops = crop_picture(picture, None, spec)[np.newaxis]
        else:
            faces = find_faces(picture, finder)
            scored = tuple(face.box.side >= min_face for face in faces)
            crops = _crops(picture, list(compress(faces, scored)), spec)
    return Preprocessed(
        picture.name,
        picture.size,
        picture.digest,
        faces,
        scored,
        crops,
        frames=len(picture.frames),
        frame=picture.frame,
    )


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
    picture: Picture, boxes: Sequence[Box | None], spec: CropSpec
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
    faces = compress(preprocessed.faces, preprocessed.scored)
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
    x, y, width, height = box
    return Box(x + inset * width, y + inset * height, share * width, share * height)


def turned(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Turn a crop or a map by 180 degrees."""
    return np.ascontiguousarray(pixels[::-1, ::-1])
