"""Attributes of photographs that groups are made of: skin tone, face size, sharpness, file.

All are measured on the pixels or the file, without a model. The skin tone is the individual
typology angle, ITA (Chardon et al. 1991), of the middle of the face: it depends on the light and
the white balance of a picture as well as on the skin, and says nothing of a person's origin.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from fakeface import CropSpec, FaceFinder, ImageError
from fakeface.inference import MIN_FACE
from fakeface.preprocessing import preprocess
from train.data import Sample

Crop = npt.NDArray[np.uint8]

SPEC = CropSpec(size=224, margin=1.0)
"""Crop that attributes are measured on: the face box alone."""

VERSION = 1
"""Raise it when a measurement changes: cached attributes are then measured again."""

SKIN_TONES = (
    (55.0, "very light"),
    (41.0, "light"),
    (28.0, "intermediate"),
    (10.0, "tan"),
    (-np.inf, "brown or dark"),
)
"""Lower bounds of the ITA in degrees, after Chardon et al. 1991; the last two bins in one."""

SHARPNESS = ("softest third", "middle third", "sharpest third")
"""Thirds of the photographs of a split by their sharpness."""

_FACE_SIZES = (96, 160, 256, 512)
_QUALITIES = (60, 75, 90)

_GREY = 2.0
"""Mean difference of colour channels below which a picture is greyscale."""

# The luminance table of JPEG's annex K, quality 50 of libjpeg, summed over its 64 entries.
_STANDARD_TABLE_SUM = 3688


@dataclass(frozen=True, slots=True)
class Attributes:
    """Measurements of one photograph; None where they cannot be taken.

    Attributes:
        ita: Individual typology angle in degrees, -90 to 90; None for greyscale pictures.
        face: Longer side of the face in pixels.
        sharpness: Variance of the Laplacian of the face's brightness at 224 pixels.
        quality: JPEG quality of the file as libjpeg counts it, 1 to 100; None for other formats.
        grey: Whether the picture is greyscale.
    """

    ita: float | None = None
    face: float | None = None
    sharpness: float | None = None
    quality: int | None = None
    grey: bool | None = None


def measure_attributes(sample: Sample, finder: FaceFinder) -> Attributes:
    """Measure a photograph; of several faces the largest.

    Args:
        sample: The photograph.
        finder: Finds the face.

    Returns:
        Its attributes; without a readable face only the quality of the file.
    """
    quality = jpeg_quality(sample.path)
    try:
        found = preprocess(sample.path, finder, SPEC, MIN_FACE)
    except (ImageError, OSError):
        return Attributes(quality=quality)
    if not len(found.crops):
        return Attributes(quality=quality)
    crop = found.crops[0]
    grey = is_grey(crop)
    box = next(f.box for f, scored in zip(found.faces, found.scored, strict=True) if scored)
    ita = None if grey else typology_angle(crop)
    return Attributes(ita, box.side, sharpness(crop), quality, grey)


def typology_angle(crop: Crop) -> float:
    """Return the ITA of the middle of a face, in degrees: atan((L* - 50) / b*).

    Args:
        crop: RGB, uint8, shape (size, size, 3), the face box.

    Returns:
        The angle of the median colour of the middle half, without the darkest and brightest
        quarter of its pixels (eyes, shadows, highlights).
    """
    size = len(crop)
    middle = Image.fromarray(crop[size // 4 : -(size // 4), size // 4 : -(size // 4)])
    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    converted = ImageCms.applyTransform(middle, transform)
    assert converted is not None  # only in place it returns nothing
    lab = np.asarray(converted).reshape(-1, 3)
    lightness = lab[:, 0] * (100 / 255)
    blue_yellow = lab[:, 2].astype(np.int8).astype(np.float64)
    low, high = np.percentile(lightness, [25, 75])
    kept = (lightness >= low) & (lightness <= high)
    l_star, b_star = np.median(lightness[kept]), np.median(blue_yellow[kept])
    return float(np.degrees(np.arctan2(l_star - 50, max(b_star, 1e-3))))


def sharpness(crop: Crop) -> float:
    """Return the variance of the Laplacian of a crop's brightness."""
    grey = crop.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    laplacian = (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    )
    return float(laplacian.var())


def is_grey(crop: Crop) -> bool:
    """Return whether the colour channels of a crop are (nearly) equal."""
    wide = crop.astype(np.int16)
    return bool(np.abs(wide - wide[..., [1, 2, 0]]).mean() < _GREY)


def jpeg_quality(path: Path) -> int | None:
    """Estimate the JPEG quality of a file from its luminance table; None for other files."""
    try:
        with Image.open(path) as image:
            tables = getattr(image, "quantization", None)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    if not tables:
        return None
    scale = 100 * float(sum(tables[min(tables)])) / _STANDARD_TABLE_SUM
    quality = 5000 / scale if scale > 100 else (200 - scale) / 2
    return max(1, min(100, round(quality)))


def read_groups(path: Path, samples: Sequence[Sample]) -> dict[str, list[str]]:
    """Read groups from a CSV with the column `path` and a column per attribute.

    Args:
        path: The CSV; `path` is relative to the data folder, as in a manifest.
        samples: The photographs.

    Returns:
        Per attribute the group of each photograph; empty where none is given.

    Raises:
        ValueError: The columns are missing, or no photograph is named.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        names = [name for name in rows.fieldnames or () if name and name != "path"]
        if "path" not in (rows.fieldnames or ()) or not names:
            raise ValueError(f"{path}: needs the column path and at least one column of groups")
        given = {row["path"]: row for row in rows}
    if not any(sample.name in given for sample in samples):
        raise ValueError(f"{path}: names none of the photographs; path is relative to --data")
    return {
        name: [(given.get(sample.name, {}).get(name) or "").strip() for sample in samples]
        for name in names
    }


def automatic_groups(
    samples: Sequence[Sample], attributes: Sequence[Attributes]
) -> dict[str, list[str]]:
    """Group photographs by the manifest and by what was measured.

    Args:
        samples: The photographs.
        attributes: Their measurements, in the same order.

    Returns:
        Per attribute the group of each photograph; empty where it has none.
    """
    groups = {
        "kind": [sample.kind for sample in samples],
        "origin": [sample.origin for sample in samples],
        "skin tone (ITA)": [_skin_tone(a.ita) for a in attributes],
        "colour": ["" if a.grey is None else "grey" if a.grey else "colour" for a in attributes],
        "face, pixels": ["" if a.face is None else _bin(a.face, _FACE_SIZES) for a in attributes],
        "sharpness": _thirds([a.sharpness for a in attributes]),
        "JPEG quality": [
            "no JPEG" if a.quality is None else _bin(a.quality, _QUALITIES) for a in attributes
        ],
    }
    return {name: members for name, members in groups.items() if len(set(members) - {""}) > 1}


def _skin_tone(ita: float | None) -> str:
    if ita is None:
        return ""
    return next(name for least, name in SKIN_TONES if ita > least)


def _bins(edges: Sequence[int]) -> list[str]:
    inner = [f"{low} to {high}" for low, high in pairwise(edges)]
    return [f"below {edges[0]}", *inner, f"from {edges[-1]}"]


def _bin(value: float, edges: Sequence[int]) -> str:
    return _bins(edges)[bisect_right(edges, value)]


def _thirds(values: Sequence[float | None]) -> list[str]:
    known = [value for value in values if value is not None]
    if not known:
        return [""] * len(values)
    low, high = np.percentile(known, [100 / 3, 200 / 3])
    return [
        "" if value is None else SHARPNESS[int(value >= low) + int(value >= high)]
        for value in values
    ]


BINS = (
    *(name for _, name in SKIN_TONES),
    *SHARPNESS,
    *_bins(_FACE_SIZES),
    *_bins(_QUALITIES),
)
"""Groups that have an order; all others are in that of their names."""
