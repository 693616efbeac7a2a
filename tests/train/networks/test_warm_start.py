from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fakeface import ModelError
from tests.train.conftest import LAYER, SIZE, network
from train.errors import WeightsError

pytestmark = pytest.mark.train


def test_a_network_starts_where_the_exported_one_ended(exported) -> None:
    import keras

    from train.networks._warm_start import load_initial_weights

    made, folder = exported
    crops = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.float32)
    other = network(1)
    gamma = np.asarray(other.get_layer("stem").gamma)

    def outputs(model):
        inside = [model.get_layer(name).output for name in (LAYER, "logit")]
        return [np.asarray(values) for values in keras.Model(model.input, inside)(crops)]

    before = outputs(other)
    load_initial_weights(other, str(folder))
    for was, is_now, wanted in zip(before, outputs(other), outputs(made), strict=True):
        assert not np.allclose(was, wanted, atol=1e-2)
        np.testing.assert_allclose(is_now, wanted, rtol=1e-3, atol=1e-3)
    kept = np.asarray(other.get_layer("stem").gamma)
    np.testing.assert_allclose(kept, gamma, rtol=1e-5)  # so that steps have the same effect


def test_what_does_not_fit_is_refused(exported, tmp_path: Path) -> None:
    from train.networks._warm_start import load_initial_weights

    with pytest.raises(WeightsError, match="does not fit the network of this recipe"):
        load_initial_weights(network(1), "edge")
    with pytest.raises(WeightsError, match="no training can start from it"):
        load_initial_weights(network(1), "faces")
    with pytest.raises(ModelError):
        load_initial_weights(network(1), str(tmp_path / "nothing"))


@pytest.mark.parametrize("name", ["edge", "edge-further"])
def test_recipes_that_go_on_start_from_the_bundled_detector(name: str) -> None:
    from train.networks._detector import detector, with_conv_bn
    from train.networks._warm_start import load_initial_weights, read_exported
    from train.networks.backbones import get_backbone
    from train.recipes import load_recipe

    recipe = load_recipe(name)
    spec = recipe.finetune
    backbone = get_backbone(recipe.backbone.name).build(SIZE, "none")
    made = detector(with_conv_bn(backbone), spec.feature_layer)
    load_initial_weights(made, spec.initial_checkpoint)
    theirs = read_exported(spec.initial_checkpoint).head
    for own, wanted in zip(made.get_layer("logit").get_weights(), theirs, strict=True):
        np.testing.assert_array_equal(own, wanted)
