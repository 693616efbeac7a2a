"""Pictures to begin with: one face, encoded in every format that this Pillow can write."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, features

SAMPLES = Path(__file__).parents[2] / "samples"

KINDS = tuple(
    kind
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
    if kind != "AVIF" or features.check("avif")
)
"""Formats that Pillow can write, as it names them."""

SUFFIXES = {"JPEG": "jpg", "TIFF": "tif"}


@lru_cache(maxsize=1)
def face() -> Image.Image:
    """A photograph of a face, RGB, 256 pixels wide."""
    with Image.open(SAMPLES / "real" / "astronaut.png") as image:
        return image.convert("RGB").resize((256, 256), Image.Resampling.LANCZOS)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@lru_cache(maxsize=16)
def seed(kind: str) -> bytes:
    """The face in a format."""
    return encode(face(), kind)


def suffix(kind: str) -> str:
    """The usual end of a file's name."""
    return SUFFIXES.get(kind, kind.lower())
