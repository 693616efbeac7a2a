"""The pictures that speed is measured on: one portrait at several sizes."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from fakeface.diagnostics import PORTRAIT
from fakeface.files import walk

SIZES: dict[str, tuple[int, int]] = {
    "256 px": (256, 256),
    "1024 px": (1024, 1024),
    "12 Mpx": (4000, 3000),
}
"""Width and height of the pictures, by name."""


def pictures() -> dict[str, bytes]:
    """Encode the portrait at all `SIZES` as JPEG, quality 90; its face fills the same part."""
    out = {}
    with Image.open(PORTRAIT) as opened:
        image = opened.convert("RGB")
    for name, (width, height) in SIZES.items():
        side = min(width, height)
        canvas = Image.new("RGB", (width, height), (90, 90, 90))
        resized = image.resize((side, side), Image.Resampling.BICUBIC)
        canvas.paste(resized, ((width - side) // 2, 0))
        file = io.BytesIO()
        canvas.save(file, "JPEG", quality=90)
        out[name] = file.getvalue()
    return out


def picture_sets(folder: Path | None, root: Path, copies: int) -> dict[str, list[str]]:
    """List files to classify many of.

    Args:
        folder: A folder of pictures; None for portraits of two sizes.
        root: An empty folder, which the portraits are written to.
        copies: Files of each size.

    Returns:
        Paths by name of the set.

    Raises:
        ValueError: There are no pictures in `folder`.
    """
    if folder is not None:
        paths = [str(path) for path in walk([folder])]
        if not paths:
            raise ValueError(f"{folder}: no pictures")
        return {folder.name: paths}
    data = pictures()
    sets: dict[str, list[str]] = {}
    for name in ("256 px", "1024 px"):
        for number in range(copies):
            path = root / f"{name}-{number:04}.jpg"
            path.write_bytes(data[name])
            sets.setdefault(name, []).append(str(path))
    return sets


def tiny_picture() -> bytes:
    """Encode a picture of 32 pixels without a face, to measure memory over very many."""
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (120, 90, 80)).save(file, "JPEG")
    return file.getvalue()
