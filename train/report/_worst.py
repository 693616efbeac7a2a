"""The pictures that a run got most wrong, and their face crops."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface import ImageError
from fakeface.images import Picture
from fakeface.preprocessing import crop_picture
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._locate import locate
from train.evaluate._scores import Scores
from train.fitting._run import Run

SIDE = 200
"""Side of the crops on the page, in pixels."""


class Mistake(NamedTuple):
    """A picture that was judged wrongly.

    Attributes:
        name: Its name.
        origin: Where it comes from, as `CLASS/source`.
        p_fake: Its calibrated score.
    """

    name: str
    origin: str
    p_fake: float


def worst(run: Run, scores: Scores, most: int) -> tuple[list[Mistake], list[Mistake]]:
    """Choose the worst pictures of a split.

    Args:
        run: The run: its calibration and thresholds.
        scores: Scores of the split.
        most: How many of each kind at most.

    Returns:
        False alarms (photographs called `fake`, the highest score first), and misses (AI pictures
        called `real`, the lowest score first).
    """
    p_fake = run.calibration.p_fake(scores.logits)
    alarms = (scores.labels == 1) & (p_fake >= run.thresholds.fake)
    misses = (scores.labels == 0) & (p_fake < run.thresholds.real)

    def chosen(members: npt.NDArray[np.bool_], order: npt.NDArray[np.float64]) -> list[Mistake]:
        indices = np.flatnonzero(members)
        best = indices[np.argsort(order[indices], kind="stable")][:most]
        return [
            Mistake(scores.names[i], str(scores.origins[i]), float(p_fake[i]))
            for i in best.tolist()
        ]

    return chosen(alarms, -p_fake), chosen(misses, p_fake)


def face_crops(run: Run, mistakes: Sequence[Mistake], data: Data, cache: Cache) -> dict[str, bytes]:
    """Crop the faces as the detector saw them.

    Args:
        run: The run.
        mistakes: The pictures.
        data: The data folder, as `train.data.load_data` read it.
        cache: Keeps faces.

    Returns:
        JPEGs, `SIDE` pixels wide and high, by name; without those that are gone or cannot be read.
    """
    names = {one.name for one in mistakes}
    wanted = tuple(sample for sample in data.samples if sample.name in names)
    crops = {}
    for sample in locate(replace(data, samples=wanted), run.recipe.faces, cache).samples:
        try:
            pixels = crop_picture(Picture(sample.path), sample.box, run.recipe.crop)
        except ImageError:
            continue
        image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=75)
        crops[sample.name] = buffer.getvalue()
    return crops
