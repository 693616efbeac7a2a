from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import ModelError
from fakeface.model_directory import DEFAULT_MODEL, MODELS, read_model
from tests.train.conftest import LAYERS, SIZE, network
from train.errors import WeightsError

pytestmark = pytest.mark.train


def features(made, crops):
    import keras

    layers = keras.Model(made.input, [made.get_layer(name).output for name in LAYERS])
    return [np.asarray(values) for values in layers(crops.astype(np.float32))]


def test_a_network_starts_where_the_exported_one_ended(exported) -> None:
    from train.networks._warm_start import load_initial_weights

    made, folder = exported
    crops = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    other = detector_of(network(1))
    before = features(other, crops)
    load_initial_weights(other, str(folder))
    for was, is_now, wanted in zip(
        before, features(other, crops), features(made, crops), strict=True
    ):
        assert not np.allclose(was, wanted, atol=1e-2)
        np.testing.assert_allclose(is_now, wanted, atol=1e-4)


def test_the_head_starts_where_the_exported_one_ended(tmp_path: Path) -> None:
    import keras

    from export import convert, write_model
    from train.networks._heads import LOGIT
    from train.networks._multistage import detector, fuse_batch_norm
    from train.networks._warm_start import load_initial_weights

    made = detector_of(network(2))
    weights = [np.random.default_rng(3).normal(size=w.shape) for w in made.get_layer(LOGIT).weights]
    made.get_layer(LOGIT).set_weights(weights)
    plain = fuse_batch_norm(made, SIZE)
    graph = convert(lambda image: {"p_fake": 1 - plain(image)[:, 0]}, SIZE)
    described = replace(read_model(MODELS / DEFAULT_MODEL), name="tiny", provenance={})
    write_model(described, graph, tmp_path / "tiny")
    other = detector_of(network(1))
    load_initial_weights(other, str(tmp_path / "tiny"), head=True)
    crops = np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.float32)
    logits = [
        np.asarray(keras.Model(m.input, m.get_layer(LOGIT).output)(crops)) for m in (other, made)
    ]
    np.testing.assert_allclose(*logits, rtol=1e-3, atol=1e-3)
    with pytest.raises(WeightsError, match="has a head of"):
        other = detector(network(1), LAYERS[:1], 0.0, 0)
        load_initial_weights(other, str(tmp_path / "tiny"), head=True)


def test_batch_norm_keeps_its_scale(exported) -> None:
    from train.networks._warm_start import load_initial_weights

    other = detector_of(network(1))
    gamma = np.asarray(other.get_layer("stem").gamma)
    load_initial_weights(other, str(exported[1]))
    np.testing.assert_allclose(np.asarray(other.get_layer("stem").gamma), gamma, rtol=1e-5)


def test_a_longer_network_is_refused(exported) -> None:
    from train.networks._warm_start import load_initial_weights

    with pytest.raises(WeightsError, match="convolutions, the backbone of this recipe"):
        load_initial_weights(network(1), str(exported[1]))


def test_a_model_without_plain_weights_is_refused() -> None:
    from train.networks._warm_start import load_initial_weights

    with pytest.raises(WeightsError, match="no training can start from it"):
        load_initial_weights(detector_of(network(1)), "faces")


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    from train.networks._warm_start import load_initial_weights

    with pytest.raises(ModelError):
        load_initial_weights(detector_of(network(1)), str(tmp_path / "nothing"))


def detector_of(made):
    from train.networks._multistage import detector

    return detector(made, LAYERS, 0.0, 0)


def test_the_recipe_that_goes_on_starts_from_the_bundled_detector() -> None:
    from train.networks._heads import LOGIT
    from train.networks._multistage import detector, with_conv_bn
    from train.networks._warm_start import exported_head, load_initial_weights
    from train.networks.backbones import get_backbone
    from train.recipes import load_recipe

    recipe = load_recipe("edge-further")
    spec = recipe.finetune
    backbone = get_backbone(recipe.backbone.name).build(SIZE, "none")
    made = detector(with_conv_bn(backbone), spec.feature_layers, 0.0, 0)
    load_initial_weights(made, spec.initial_checkpoint, head=spec.initial_head)
    kernel, bias = exported_head(spec.initial_checkpoint)
    for own, theirs in zip(made.get_layer(LOGIT).get_weights(), (kernel, bias), strict=True):
        np.testing.assert_array_equal(own, theirs)
