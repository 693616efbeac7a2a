from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any, TypeAlias, Union

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

Source: TypeAlias = Union[
    str,
    "os.PathLike[str]",
    bytes,
    bytearray,
    memoryview,
    IO[bytes],
    "Image.Image",
    "npt.NDArray[np.uint8]",
    Any,
]
"""The input of a picture: a path, encoded bytes, a binary file object open for reading, a
Pillow image, or an upright RGB array of uint8 with shape (height, width, 3)."""
