"""Find the faces of a picture: a first look, and a second one where it finds nothing.

Pictures in which the first look finds a face cost nothing more. The second look finds portraits
that are upside down, and faces that are small in a large picture.
"""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from fakeface.faces._finder import Detection, FaceFinder
from fakeface.images._decode import Picture, reduction_factor

FINDER_SIDE = 1000
"""For the face finder, large JPEG pictures are decoded at a reduced size, but never to a longer
side below this many pixels."""

SMALL_FACE = 64
"""Longer side in pixels of the smallest faces that the second look finds reliably in a picture of
any size."""

LARGE_PICTURE = 1600
"""Longer side in pixels from which on a picture may hold faces of `SMALL_FACE` that the first look
misses."""


def find_faces(picture: Picture, finder: FaceFinder) -> tuple[Detection, ...]:
    """Find the faces of a picture.

    Returns:
        The faces, largest first, in pixels of the full picture.

    Raises:
        ImageError: The pixels cannot be decoded.
    """
    loaded = load_for_finder(picture)
    if faces := detect_faces(loaded, finder):
        return faces
    image, scale = loaded
    if found := finder.find_upside_down(image):
        return _in_full(found, scale)
    if max(picture.size) < LARGE_PICTURE:
        return ()
    image, scale = picture.load(reduction_factor(SMALL_FACE / finder.far.settings.smallest))
    return _in_full(finder.find_small(image, SMALL_FACE * scale), scale)


def load_for_finder(picture: Picture) -> tuple[Image.Image, float]:
    """Decode a picture at the size that the first look needs.

    Returns:
        The upright image, and its size as a fraction of the picture's.

    Raises:
        ImageError: The pixels cannot be decoded.
    """
    return picture.load(reduction_factor(max(picture.size) / FINDER_SIDE))


def detect_faces(loaded: tuple[Image.Image, float], finder: FaceFinder) -> tuple[Detection, ...]:
    """Find faces in an image from `load_for_finder`: the first look.

    Returns:
        The faces, largest first, in pixels of the full picture.
    """
    image, scale = loaded
    return _in_full(finder.find(image), scale)


def _in_full(faces: list[Detection], scale: float) -> tuple[Detection, ...]:
    if scale == 1:
        return tuple(faces)
    return tuple(replace(face, box=face.box.scaled(1 / scale)) for face in faces)
