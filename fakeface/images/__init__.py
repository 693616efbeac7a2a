"""From a file, bytes or an array to RGB pixels: sniff, read, decode, within a memory limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from fakeface.images._decode import (
        FORMATS,
        MAX_PIXELS,
        Picture,
        name_of,
        readable_formats,
    )

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Picture",
    "name_of",
    "readable_formats",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface.images._decode": (
            "FORMATS",
            "MAX_PIXELS",
            "Picture",
            "name_of",
            "readable_formats",
        ),
    },
)
