"""One picture for the page: its result, thumbnails and heat maps."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import numpy as np
from PIL import Image

from fakeface._crop import CropSpec, crop_box
from fakeface._text import printable
from fakeface.images._decode import Picture, reduction_factor
from fakeface.preprocessing import crop_picture
from fakeface.types import Face, Prediction, Provenance, Source
from fakeface.types._heatmap import SPANS, Heatmap

LARGE = 320
SMALL = 176
"""Longer side of thumbnails in pixels: of the first pictures of a scan, and of the others, so that
a short report is pleasant to view and a long one still opens."""

DETAIL = 1280
"""Longer side of the pictures for the detail view, in pixels, where they are asked for."""

TILE = 128
"""Side of a face that is stored separately, in pixels."""

TILES = 4
"""Most faces of a picture that are stored separately, the most suspicious first."""

PLACES = 28
"""Larger heat maps are averaged down to this many cells per side."""

_CLOSE = 0.6
"""A face is stored separately if its crop box is smaller than this fraction of the picture's
shorter side; larger ones are seen well enough in the picture."""


@dataclass(frozen=True, slots=True)
class PictureStyle:
    """How pictures are stored.

    Attributes:
        crop: What the model saw of a face.
        side: Longer side of small pictures, in pixels.
        large: Longer side of the pictures for the detail view, in pixels; None for none.
        page: Folder of the page, which it links to originals from; None for no links.
    """

    crop: CropSpec
    side: int = LARGE
    large: int | None = None
    page: str | None = None


def record(
    prediction: Prediction, style: PictureStyle, source: Source | None = None
) -> dict[str, Any]:
    """Make the record of one picture for the script of the page; safe in several threads at once.

    Args:
        prediction: The result.
        style: How the picture is stored.
        source: The picture, where it is not the file that `prediction.source` names.

    Returns:
        Plain values, ready for JSON. What the file and its name say is printable text, and no
        HTML: pages show it as text.
    """
    spec = replace(style.crop, size=TILE)
    picture, gone = _open(prediction, prediction.source if source is None else source)
    link = None
    if picture is not None and source is None and style.page is not None:
        link = _link(prediction.source, style.page)
    found = sorted(prediction.faces, key=lambda face: (face.p_fake is None, -(face.p_fake or 0)))
    faces = [_face(face, prediction, spec) for face in found]
    thumbnail = large = None
    if picture is not None:
        try:
            _add_tiles(faces, found, picture, spec)  # first, since they may need more pixels
            thumbnail, large = _thumbnails(picture, style.side, style.large)
        except Exception:  # it was readable before; a result needs no preview
            gone = "unreadable"
    return {
        **earlier(prediction),
        "size": prediction.size,
        "faces": faces,
        "thumb": thumbnail,
        "large": large,
        "gone": gone,
        "link": link,
        "digest": prediction.digest,
        "model": prediction.model,
        "settings": prediction.settings,
        "sha256": _sha256(picture),
        "frames": _frames(prediction),
        "said": prediction.provenance and _said(prediction.provenance),
    }


def earlier(prediction: Prediction) -> dict[str, Any]:
    """Make what every record holds, also that of an earlier result to compare with."""
    return {
        "name": printable(prediction.source.replace(os.sep, "/")),
        "verdict": prediction.verdict and prediction.verdict.value,
        "p": prediction.p_fake,
        "error": prediction.error and printable(prediction.error),
    }


def _sha256(picture: Picture | None) -> str | None:
    if picture is None or picture.encoded is None:
        return None
    return hashlib.sha256(picture.encoded).hexdigest()


def _link(path: str, page: str) -> str:
    """Return the address of a file as the page links to it: relative where that is possible."""
    try:
        return quote_from_bytes(os.fsencode(os.path.relpath(path, page).replace(os.sep, "/")))
    except ValueError:  # another drive
        return Path(path).absolute().as_uri()


def _said(said: Provenance) -> dict[str, Any]:
    """What a file says of its own origin."""
    return {
        "label": said.label,
        "says": printable(said.says),
        "declared": said.declared,
        "statements": [
            {
                **{name: value and printable(value) for name, value in asdict(statement).items()},
                "text": printable(str(statement)),
            }
            for statement in said.statements
        ],
        "problems": [printable(problem) for problem in said.problems],
        "trailing": said.trailing,
    }


def _open(prediction: Prediction, source: Source) -> tuple[Picture | None, str | None]:
    """Return the picture if it is still the file that was classified, or else what became of it."""
    if not prediction.ok or prediction.digest is None:
        return None, None
    try:
        picture = Picture(source)
        if picture.digest != prediction.digest:
            return None, "changed"
        return picture.at(prediction.frame or 0), None
    except Exception:  # gone, or replaced by something else
        exists = isinstance(source, str) and os.path.lexists(source)
        return None, "changed" if exists else "missing"


def _frames(prediction: Prediction) -> str | None:
    """Which frame the verdict is about, where there are several."""
    if prediction.frames is None or prediction.frames < 2:
        return None
    return f"{(prediction.frame or 0) + 1:,} of {prediction.frames:,}"


def _face(face: Face, prediction: Prediction, spec: CropSpec) -> dict[str, Any]:
    assert prediction.size is not None
    seen = crop_box(face.box, prediction.size, spec.margin)
    box = face.box
    return {
        "box": [round(v, 1) for v in (box.x, box.y, box.width, box.height)],
        "square": [round(v, 1) for v in (seen.x, seen.y, seen.side)],
        "score": round(face.score, 3),
        "p": face.p_fake,
        "verdict": face.verdict.value,
        "heat": face.heatmap and _heat(face.heatmap),
        "tile": None,
    }


def _heat(heatmap: Heatmap) -> list[Any]:
    """Encode height, width and values of a map, in 127ths of the strongest colour."""
    values = heatmap.values
    if max(values.shape) > PLACES:
        image = Image.fromarray(values).resize((PLACES, PLACES), Image.Resampling.BOX)
        values = np.asarray(image)
    steps = np.clip(values / SPANS[heatmap.method] * 127, -127, 127).round().astype(np.int8)
    return [*values.shape, base64.b64encode(steps.tobytes()).decode()]


def _add_tiles(
    faces: list[dict[str, Any]], found: list[Face], picture: Picture, spec: CropSpec
) -> None:
    for face, place in list(zip(found, faces, strict=True))[:TILES]:
        if place["square"][2] < _CLOSE * min(picture.size):
            pixels = crop_picture(picture, face.box, spec)
            place["tile"] = _jpeg(Image.fromarray(pixels))


def _thumbnails(picture: Picture, side: int, large: int | None) -> tuple[str, str | None]:
    """Return the small picture and the large one, if that shows more."""
    longest = max(picture.size)
    image, _ = picture.load(reduction_factor(longest / max(2 * side, large or 0)))
    small = _jpeg(_shrunk(image, picture.size, side))
    if large is None or longest <= side:
        return small, None
    return small, _jpeg(_shrunk(image, picture.size, large), 80)


def _shrunk(image: Image.Image, size: tuple[int, int], side: int) -> Image.Image:
    scale = min(1.0, side / max(size))
    width, height = (max(1, round(length * scale)) for length in size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, quality: int = 60) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
