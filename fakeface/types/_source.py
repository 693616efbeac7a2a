from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image


class BinaryFile(Protocol):
    """A binary file object open for reading."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


Source: TypeAlias = Union[
    str,
    "os.PathLike[str]",
    bytes,
    bytearray,
    memoryview,
    BinaryFile,
    "Image.Image",
    "npt.NDArray[np.uint8]",
]
"""The input of a picture: a path, encoded bytes, a binary file object open for reading, a
Pillow image, or an upright RGB array of uint8 with shape (height, width, 3)."""
