"""Metadata-only baseline: what a detector could know without seeing a pixel.

A logistic regression on size, bytes and JPEG quantisation tables, fitted on the training split.
If it does well, the files give their classes away, and a detector's metrics on them mean that much
less (Grommelt et al. 2024, arXiv 2403.17608).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from train.data import Sample

NAME = "metadata-only"

_TABLE = 64


def read_metadata(sample: Sample) -> npt.NDArray[np.float64] | None:
    """Read the features of a file's header.

    Args:
        sample: The picture.

    Returns:
        Log bytes, bytes per pixel, width, height, aspect, EXIF and JPEG quantisation tables, shape
        (134,); tables that a file lacks are zero. None where Pillow cannot read the header.
    """
    try:
        size = sample.path.stat().st_size
        with Image.open(sample.path) as image:
            width, height = image.size
            exif = bool(image.getexif())
            tables = getattr(image, "quantization", {})
    except OSError:
        return None
    plain = [np.log(size), size / (width * height), width, height, width / height, exif]
    padded = np.zeros(2 * _TABLE)
    for number, table in enumerate(list(tables.values())[:2]):
        padded[number * _TABLE : number * _TABLE + len(table)] = table
    return np.concatenate([np.array(plain, np.float64), padded])


def metadata_scores(
    train: Sequence[Sample], samples: Sequence[Sample]
) -> npt.NDArray[np.float64] | None:
    """Fit the baseline and score pictures with it.

    Args:
        train: The training split.
        samples: The pictures to score.

    Returns:
        The probability of AI of each of `samples`, shape (n,), NaN where the header cannot be
        read; None where `train` has not both classes.
    """
    if len({sample.label for sample in train}) < 2:
        return None
    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
    )
    known = [(s, row) for s in train if (row := read_metadata(s)) is not None]
    model.fit(np.stack([row for _, row in known]), [s.label == 0 for s, _ in known])
    rows = [read_metadata(sample) for sample in samples]
    scores = np.full(len(samples), np.nan)
    readable = np.array([row is not None for row in rows])
    scores[readable] = model.predict_proba(np.stack([row for row in rows if row is not None]))[:, 1]
    return scores
