"""One picture for the page: its result, thumbnails and heat maps."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from fakeface._crop import CropSpec, crop_box
from fakeface._preprocess import crop_picture, reduction_factor
from fakeface._text import printable
from fakeface.images._decode import Picture
from fakeface.types import Face, Prediction, Provenance, Source
from fakeface.types._heatmap import SPANS, Heatmap

LARGE = 320
SMALL = 176
"""Longer side of thumbnails in pixels: of the first pictures of a scan, and of the others, so that
a short report is pleasant to view and a long one still opens."""

TILE = 128
"""Side of a face that is stored separately, in pixels."""

TILES = 4
"""Most faces of a picture that are stored separately, the most suspicious first."""

PLACES = 28
"""Larger heat maps are averaged down to this many cells per side."""

_CLOSE = 0.6
"""A face is stored separately if its crop box is smaller than this fraction of the picture's
shorter side; larger ones are seen well enough in the picture."""


def record(
    prediction: Prediction, seen: CropSpec, side: int, source: Source | None = None
) -> dict[str, Any]:
    """Make the record of one picture for the script of the page; safe in several threads at once.

    Args:
        prediction: The result.
        seen: What the model saw of a face.
        side: Longer side of its small picture, in pixels.
        source: The picture, where it is not the file that `prediction.source` names.

    Returns:
        Plain values, ready for JSON. What the file and its name say is printable text, and no
        HTML: pages show it as text.
    """
    spec = replace(seen, size=TILE)
    picture = _open(prediction, prediction.source if source is None else source)
    faces = [_face(face, prediction, spec) for face in prediction.faces]
    thumbnail = None
    if picture is not None:
        try:
            _add_tiles(faces, picture, prediction, spec)  # first, since they may need more pixels
            thumbnail = _thumbnail(picture, side)
        except Exception:  # it was readable before; a result needs no preview
            thumbnail = None
    return {
        "name": printable(prediction.source.replace(os.sep, "/")),
        "verdict": prediction.verdict and prediction.verdict.value,
        "p": prediction.p_fake,
        "size": prediction.size,
        "faces": faces,
        "thumb": thumbnail,
        "digest": prediction.digest,
        "frames": _frames(prediction),
        "error": prediction.error and printable(prediction.error),
        "said": prediction.provenance and _said(prediction.provenance),
    }


def _said(said: Provenance) -> dict[str, Any]:
    """What a file says of its own origin."""
    return {
        "label": said.label,
        "says": printable(said.says),
        "declared": said.declared,
        "statements": [
            {
                "text": printable(str(statement)),
                "kind": statement.kind,
                "trust": statement.trust,
                "detail": printable(statement.detail),
            }
            for statement in said.statements
        ],
        "problems": [printable(problem) for problem in said.problems],
        "trailing": said.trailing,
    }


def _open(prediction: Prediction, source: Source) -> Picture | None:
    """Return the picture if it is still the file that was classified."""
    if not prediction.ok or prediction.digest is None:
        return None
    try:
        picture = Picture(source)
        same = picture.digest == prediction.digest
        return picture.at(prediction.frame or 0) if same else None
    except Exception:  # gone, or replaced by something else
        return None


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
    faces: list[dict[str, Any]], picture: Picture, prediction: Prediction, spec: CropSpec
) -> None:
    order = sorted(range(len(faces)), key=lambda at: -(faces[at]["p"] or 0))
    for at in order[:TILES]:
        if faces[at]["square"][2] < _CLOSE * min(picture.size):
            pixels = crop_picture(picture, prediction.faces[at].box, spec)
            faces[at]["tile"] = _jpeg(Image.fromarray(pixels))


def _thumbnail(picture: Picture, side: int) -> str:
    image, _ = picture.load(reduction_factor(max(picture.size) / (2 * side)))
    scale = min(1.0, side / max(picture.size))
    size = [max(1, round(length * scale)) for length in picture.size]
    return _jpeg(image.resize((size[0], size[1]), Image.Resampling.LANCZOS))


def _jpeg(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=60, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
