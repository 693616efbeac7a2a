"""Crops to quantise on, from the same folder and splits that the model was trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.int8._graph import BATCH, Crops, Doubles
from fakeface import CropSpec, ModelInfo
from train._progress import progress
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.data._locate import locate
from train.data._sample import Sample
from train.fitting._features import crop_batches


def read_data(info: ModelInfo, folder: Path, cache: Path) -> tuple[Data, str | None]:
    """Read the folder as the model's training did: same splits, same way of finding faces.

    Args:
        info: The model; its provenance says how faces were found.
        folder: The data folder.
        cache: Where digests and faces are remembered, as for `python -m train`.

    Returns:
        The data without the split `unseen`; and a warning where they are not what the model was
        trained on, so that its `test` may hold pictures that it has seen.

    Raises:
        DataError: The data cannot be used.
    """
    recipe: dict[str, Any] = info.provenance.get("recipe", {})
    remembered = Cache(cache)
    data = load_data(folder, remembered).without_split(("unseen",))
    data.check()
    data = locate(data, str(recipe.get("faces", "find")), remembered)
    data.check()
    told = info.provenance.get("data", {}).get("fingerprint")
    if told == data.fingerprint():
        return data, None
    return data, (
        f"{folder} is not the data that {info.name} says it was trained on (fingerprint"
        f" {data.fingerprint()[:12]}… instead of {str(told)[:12]}…): pictures of its test split may"
        " have been trained on"
    )


def stratified_sample(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """Some samples, as many of each class as there are, sampled with a seed."""
    rng = random.Random(seed)
    classes = [[s for s in samples if s.label == label] for label in (0, 1)]
    half = count // 2
    sampled = [s for some in classes for s in rng.sample(some, min(half, len(some)))]
    rng.shuffle(sampled)
    return sampled


def crop_samples(samples: Sequence[Sample], spec: CropSpec) -> Crops:
    """Crops of samples, uint8 [n, size, size, 3]."""
    return np.concatenate([crops for _, crops in batches(samples, spec, "cutting out faces")])


def batches(
    samples: Sequence[Sample], spec: CropSpec, what: str
) -> Iterator[tuple[Sequence[Sample], Crops]]:
    """Samples and their crops, a few at a time, showing progress."""
    parts = [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]
    return progress(zip(parts, crop_batches(parts, spec), strict=True), what, len(parts))


def score(
    samples: Sequence[Sample], spec: CropSpec, models: Sequence[Callable[[Crops], Any]], what: str
) -> list[Doubles]:
    """What several models say of the same crops, which are made once and not kept.

    Args:
        samples: Located samples.
        spec: What the models see.
        models: From crops to one number each.
        what: What to call it while it runs.

    Returns:
        One array of shape [len(samples)] per model.
    """
    scores: list[list[Any]] = [[] for _ in models]
    for _, crops in batches(samples, spec, what):
        for model, numbers in zip(models, scores, strict=True):
            numbers.append(model(crops))
    return [np.concatenate(numbers).astype(np.float64) for numbers in scores]
