from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import Samples, needs_upscalers, portrait
from train.augment._super_resolution import SHRINK, SuperResolutionSpec, write_super_resolved
from train.augment._upscalers import UPSCALERS, open_upscaler, shrink_and_upscale

FAST = ("realesr-animevideov3-x2", "waifu2x-photo-x2-d1")


@needs_upscalers
def test_pictures_of_both_classes_are_enhanced_and_nothing_is_made_twice(
    samples_to_train: Samples, tmp_path: Path
):
    spec = SuperResolutionSpec(per_source=3, networks=FAST)
    made = write_super_resolved(samples_to_train, spec, 0, tmp_path / "super-resolved")
    by_name = {sample.name: sample for sample in samples_to_train}
    assert sorted(by_name[name].label for name in made) == [0, 0, 0, 1, 1, 1]
    for name, path in made.items():
        with Image.open(by_name[name].path) as before, Image.open(path) as after:
            assert after.size == before.size
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    assert write_super_resolved(samples_to_train, spec, 0, tmp_path / "super-resolved") == made
    assert times == {path: path.stat().st_mtime_ns for path in made.values()}


@needs_upscalers
@pytest.mark.parametrize("name", [name for name in UPSCALERS if "x4plus" not in name])
def test_an_enhanced_photograph_keeps_more_than_one_drawn_from_less(name):
    net, before = open_upscaler(name), portrait(160, 200)

    def change(shrink: tuple[float, float]) -> float:
        after = shrink_and_upscale(net, shrink, before, np.random.default_rng(3))
        return float(np.abs(after.astype(float) - before).mean())

    assert 0.2 < change(SHRINK) < change(UPSCALERS[name].shrink)


def test_a_chance_above_one_is_refused():
    with pytest.raises(ValueError, match=r"super_resolved\.probability must be from 0 to 1, got 2"):
        SuperResolutionSpec(probability=2.0)


def test_a_network_that_is_not_there_is_refused():
    with pytest.raises(
        ValueError, match=r"super_resolved\.networks: there is no photoshop; there are "
    ):
        SuperResolutionSpec(networks=("photoshop",))
