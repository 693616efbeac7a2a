from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from export import write_model
from fakeface import ModelError
from fakeface.model_directory import DEFAULT_MODEL, MODELS, read_model
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


def test_one_of_two_networks_can_be_started_from(tmp_path: Path) -> None:
    """As models up to 9.0.0 had them: side by side under one head."""
    from train.networks._warm_start import read_exported

    rng = np.random.default_rng(0)
    arrays = {
        "k1": rng.normal(size=(4, 3, 1, 1)), "b1": rng.normal(size=4),
        "k2": rng.normal(size=(5, 3, 1, 1)), "b2": rng.normal(size=5),
        "kernel": rng.normal(size=(9, 1)), "bias": rng.normal(size=1),
    }  # fmt: skip
    nodes = [
        helper.make_node(
            "Conv", ["image", "k1", "b1"], ["map1"], "functional_1/net1_stem_1/BiasAdd"
        ),
        helper.make_node(
            "Conv", ["image", "k2", "b2"], ["map2"], "functional_1/net2_stem_1/BiasAdd"
        ),
        helper.make_node("Concat", ["map1", "map2"], ["both"], axis=1),
        helper.make_node("Flatten", ["both"], ["row"]),
        helper.make_node("Gemm", ["row", "kernel", "bias"], ["p_fake"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("image", [1, 3, 1, 1]), ("p_fake", [1, 1]))
    ]
    constants = [numpy_helper.from_array(a.astype(np.float32), n) for n, a in arrays.items()]
    graph = helper.make_model(helper.make_graph(nodes, "two", ends[:1], ends[1:], constants))
    described = read_model(MODELS / DEFAULT_MODEL)
    write_model(replace(described, provenance={"ensemble": [{}, {}]}), graph, tmp_path / "two")
    second = read_exported(f"{tmp_path / 'two'}:2")
    np.testing.assert_allclose(second.head[0], arrays["kernel"][4:], atol=1e-6)
    ((kernel, bias),) = second.convolutions
    np.testing.assert_allclose(kernel[0, 0], arrays["k2"][:, :, 0, 0].T, atol=1e-6)
    np.testing.assert_allclose(bias, arrays["b2"], atol=1e-6)
    for name in (str(tmp_path / "two"), f"{tmp_path / 'two'}:3"):
        with pytest.raises(WeightsError, match=r"must be one of .*two:1 to :2"):
            read_exported(name)


def test_what_does_not_fit_is_refused(exported, tmp_path: Path) -> None:
    from train.networks._warm_start import load_initial_weights

    with pytest.raises(WeightsError, match="does not fit the network of this recipe"):
        load_initial_weights(network(1), "edge")
    with pytest.raises(WeightsError, match="no training can start from it"):
        load_initial_weights(network(1), "faces")
    with pytest.raises(WeightsError, match="which has one network"):
        load_initial_weights(network(1), f"{exported[1]}:2")
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
