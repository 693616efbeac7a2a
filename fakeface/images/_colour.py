"""From any mode of Pillow to RGB as a screen would show it."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, features

from fakeface.images._grey import check_depth, to_eight_bits
from fakeface.images._tiff import BITS, PHOTOMETRIC

_BACKGROUND = (255, 255, 255)
_PREMULTIPLIED = {"La": "LA", "RGBa": "RGBA"}
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_MAX_PROFILE = 4 << 20  # bytes; larger ones are not looked at
_SAME = 2
"""Levels that a profile may move colours by and still count as sRGB, whose pixels stay as they
are: profiles of sRGB differ in their rounding."""


def depth_of(image: Image.Image) -> int:
    """Bits of a number in the file of a picture; 0 where they are not known to be above 8."""
    if image.format == "TIFF":
        bits = _tags(image).get(BITS, (1,))
        return max(bits) if isinstance(bits, tuple) else int(bits)
    if image.format == "PNG":
        return 16 if any(";16" in str(tile[3]) for tile in getattr(image, "tile", ())) else 0
    return 0


def to_rgb(image: Image.Image, bits: int, name: str) -> Image.Image:
    """Convert any mode to RGB in sRGB.

    Grey of 16 bits is scaled by what they hold, transparency is laid on white (but a
    picture that is transparent everywhere is taken as opaque: its alpha was never meant), and
    colours are converted from the profile that the picture carries.

    Raises:
        ImageError: It cannot be known which number is white.
    """
    image.load()
    profile = image.info.get("icc_profile")
    if image.mode == "RGB" and "transparency" not in image.info and not profile:
        check_depth(image, bits, name)
        return image
    if image.mode.startswith("I") or image.mode == "F":
        inverted = _tags(image).get(PHOTOMETRIC) == 0
        return to_eight_bits(image, inverted, name).convert("RGB")
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    if not image.has_transparency_data:
        check_depth(image, bits, name)
        return _to_srgb(image, profile)
    rgba = image.convert("RGBA")
    check_depth(rgba, bits, name)
    flat = image.convert("L") if image.mode == "LA" else rgba.convert("RGB")
    alpha = rgba.getchannel("A")
    rgb = _to_srgb(flat, profile)
    if alpha.getextrema() == (0, 0):
        return rgb
    opaque = Image.new("RGB", rgba.size, _BACKGROUND)
    opaque.paste(rgb, mask=alpha)
    return opaque


def _tags(image: Image.Image) -> Any:
    return getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}


def _to_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Convert to RGB, from the colours of a profile where it is one for this mode."""
    if isinstance(profile, bytes) and 128 < len(profile) <= _MAX_PROFILE:
        mode = _SPACES.get(profile[16:20])
        if mode == "RGB" and image.mode != "CMYK":
            image = image.convert("RGB")
        if mode == image.mode and (transform := _transform(profile, mode)) is not None:
            return _applied(image, transform)
    return image.convert("RGB")


def _applied(image: Image.Image, transform: Any) -> Image.Image:
    from PIL import ImageCms

    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # only in place it gives none
    return converted


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> Any:
    """A transform of Little CMS to sRGB; None where it cannot be, or would change nothing."""
    if not features.check("littlecms2"):
        return None
    from PIL import ImageCms

    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        probe = _probe(mode)
        moved = np.asarray(_applied(probe, transform)).astype(int) - np.asarray(
            probe.convert("RGB")
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, struct.error):
        return None  # a broken profile does not make a picture unreadable
    return None if np.abs(moved).max() <= _SAME else transform


def _probe(mode: str) -> Image.Image:
    """Colours spread over all of a mode."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    levels = np.arange(0, 256, 17 if mode == "RGB" else 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(*[levels] * len(mode), indexing="ij"), axis=-1)
    return Image.fromarray(cube.reshape(1, -1, len(mode)), mode)
