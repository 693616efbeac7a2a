"""Read and check the pictures that a recipe is trained on."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from train.data._cache import Cache
from train.data._dataset import Data, check_folder, load_data
from train.data._locate import locate
from train.data._sample import CLASSES, SPLITS
from train.networks._teacher import read_encoder
from train.networks.backbones import get_backbone
from train.progress import console
from train.recipes._encoder_spec import EncoderSpec, LimitSpec
from train.recipes._recipe import EncoderRecipe, Recipe


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pictures of a folder are used.

    Attributes:
        origins: Only these origins; all if empty.
        most: Maximum per origin and split; None for no limit.
        unseen: Whether the split `unseen` is scored in the end.
    """

    origins: tuple[str, ...] = ()
    most: int | None = None
    unseen: bool = False


def read_data(root: Path, recipe: Recipe, cache: Cache, selection: Selection) -> Data:
    """Read and check the pictures for a recipe, and find the faces.

    Args:
        root: The data folder.
        recipe: The recipe: its backbone and way of finding faces.
        cache: Keeps digests and faces.
        selection: Which pictures are used.

    Returns:
        The data, ready for fitting.

    Raises:
        DataError: They cannot be trained on.
        WeightsError: The backbone's weights are not there. They are looked for once the folder is
            known to have both classes, and before its pictures are read, which may take long.
    """
    check_folder(root)
    if isinstance(recipe, EncoderRecipe):
        read_encoder(Path(recipe.backbone.weights))
    else:
        get_backbone(recipe.backbone.name).check_weights(recipe.crop.size, recipe.backbone.weights)
    data = load_data(root, cache)
    if selection.origins:
        data = data.only(selection.origins)
    if selection.most is not None:
        data = data.limited(selection.most)
    data = data.without_split(() if selection.unseen else ("unseen",))
    data.check()
    data = locate(data, recipe.faces, cache)
    if isinstance(recipe, EncoderRecipe):
        data = limited(data, recipe.encoder, recipe.seed)
    data.check()
    for line in (*data.notes, _split_sizes(data)):
        console.print(line, markup=False, soft_wrap=True)
    return data


def limited(data: Data, spec: EncoderSpec, seed: int) -> Data:
    """Draw so many pictures of each origin and split as the recipe allows, the same every time."""
    shuffled = [
        list(data.split("train", "val")),
        list(data.split("test")),
        list(data.split("unseen")),
    ]
    kept, seen = set[str](), Counter[tuple[int, str, str]]()
    for samples in shuffled:
        random.Random(seed).shuffle(samples)
        for sample in samples:
            key = sample.label, sample.origin, sample.split
            seen[key] += 1
            limit = spec.limits.get(sample.split, LimitSpec())
            most = limit.real if sample.label else limit.ai
            if seen[key] <= limit.origins.get(sample.origin, most):
                kept.add(sample.name)
    return replace(data, samples=tuple(s for s in data.samples if s.name in kept))


def _split_sizes(data: Data) -> str:
    sizes = []
    for split in SPLITS:
        labels = [sample.label for sample in data.split(split)]
        if labels:
            numbers = (f"{labels.count(k):,} {name}" for k, name in enumerate(CLASSES))
            sizes.append(f"{split} {' and '.join(numbers)}")
    return f"pictures: {'; '.join(sizes)}"
