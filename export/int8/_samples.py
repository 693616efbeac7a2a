"""Crops to quantise on, from the folder and splits that the model was trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.int8._graph import BATCH, Crops, Doubles
from fakeface import CropSpec, ModelInfo
from train.command_line import progress
from train.data import Cache, Data, Sample, load_data, locate
from train.fitting import crop_batches


def read_data(info: ModelInfo, folder: Path, cache: Path) -> tuple[Data, str | None]:
    """Read a data folder as the model's training did: same splits, faces found alike.

    Args:
        info: The model; its provenance says how faces were found.
        folder: The data folder.
        cache: Cache folder of `python -m train`: digests and faces found.

    Returns:
        The data without the split `unseen`; and a warning if they are not what the model was
        trained on, since their `test` may then hold training pictures.

    Raises:
        DataError: The data cannot be used.
    """
    recipe: dict[str, Any] = info.provenance.get("recipe", {})
    remembered = Cache(cache)
    data = load_data(folder, remembered).without_split(("unseen",))
    data.check()
    data = locate(data, str(recipe.get("faces", "find")), remembered)
    data.check()
    recorded = info.provenance.get("data", {}).get("fingerprint")
    if recorded == data.fingerprint():
        return data, None
    return data, (
        f"{folder} is not the data that {info.name} was trained on (fingerprint"
        f" {data.fingerprint()[:12]}… instead of {str(recorded)[:12]}…): its test split may hold"
        " training pictures"
    )


def half_of_each_class(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """Sample at random, half of each class, or as many as there are; return them shuffled."""
    rng = random.Random(seed)
    classes = [[s for s in samples if s.label == label] for label in (0, 1)]
    half = count // 2
    sampled = [s for some in classes for s in rng.sample(some, min(half, len(some)))]
    rng.shuffle(sampled)
    return sampled


def crop_samples(samples: Sequence[Sample], spec: CropSpec, what: str = "cropping faces") -> Crops:
    """Crop the faces of samples: RGB, uint8 [n, size, size, 3]."""
    return np.concatenate([crops for _, crops in batches(samples, spec, what)])


def batches(
    samples: Sequence[Sample], spec: CropSpec, what: str
) -> Iterator[tuple[Sequence[Sample], Crops]]:
    """Yield samples and their crops, a batch at a time, showing progress."""
    parts = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    return progress(zip(parts, crop_batches(parts, spec), strict=True), what, len(parts))


def score(
    samples: Sequence[Sample], spec: CropSpec, models: Sequence[Callable[[Crops], Any]], what: str
) -> list[Doubles]:
    """Score samples with several models; crops are made once and not kept.

    Args:
        samples: Located samples.
        spec: How faces are cropped; the same for all models.
        models: From crops to one number each.
        what: What to call it in the progress.

    Returns:
        One array of shape [len(samples)] per model.
    """
    scores: list[list[Any]] = [[] for _ in models]
    for _, crops in batches(samples, spec, what):
        for model, numbers in zip(models, scores, strict=True):
            numbers.append(model(crops))
    return [np.concatenate(numbers).astype(np.float64) for numbers in scores]
