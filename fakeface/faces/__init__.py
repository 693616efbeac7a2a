"""Find the faces of a picture: two BlazeFace networks and the decoding of their boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from fakeface.faces._finder import (
        Detection,
        FaceFinder,
    )

__all__ = [
    "Detection",
    "FaceFinder",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface.faces._finder": (
            "Detection",
            "FaceFinder",
        ),
    },
)
