"""Small fine-tunings, made once for all tests that combine them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakeface import CropSpec
from tests.train.conftest import LAYER, SIZE, fill
from tests.train.fitting.test_finetune import RECIPE, SPEC
from train.data._cache import Cache
from train.data._dataset import load_data
from train.data._locate import locate


@pytest.fixture(scope="session")
def trained(exported, tmp_path_factory):
    """Two fine-tunings of one start, and their pictures."""
    from train.fitting._fit import fit

    root = tmp_path_factory.mktemp("average")
    fill(root / "faces" / "AI" / "gan", 20, 0, noisy=False)
    fill(root / "faces" / "Real" / "phones", 20, 200, noisy=True)
    cache = Cache(root / "cache")
    data = locate(load_data(root / "faces", cache, 0), "whole", cache)
    spec = replace(SPEC, initial_checkpoint=str(exported[1]), feature_layer=LAYER, steps=2)
    recipe = replace(RECIPE, crop=CropSpec(size=SIZE), finetune=spec)
    runs = [
        fit(replace(recipe, seed=seed), data, cache, root / "runs" / str(seed)) for seed in (0, 1)
    ]
    return runs, data, recipe
