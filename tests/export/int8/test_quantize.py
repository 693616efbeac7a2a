from collections import Counter

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from export import QuantizationError
from export.int8._equalise import equalise
from export.int8._graph import Graph, observe, run
from export.int8._network import Network, noise_of
from export.int8._quantize import calibrate, isolated_nodes, preprocess_graph, quantize
from export.int8._recalibrate import apply_line, fit_line, logits
from export.int8._rounding import descend, round_weights
from tests.export._networks import CHANNELS, crops, info, make_network


@pytest.fixture(scope="module")
def network():
    return preprocess_graph(make_network())


@pytest.fixture(scope="module")
def seen():
    return crops(48)


@pytest.fixture(scope="module")
def others():
    return crops(64, seed=1)


def copy_model(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def optimised(model, tmp_path):
    """What ONNX Runtime runs, on this machine."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)


def test_a_graph_knows_its_layers(network):
    graph = Graph(network)
    names = [node.name for node in graph.convolutions]
    assert names == ["stem", "first", "wide", "deep", "narrow", "top"]
    assert [node.name for node in graph.sums] == ["sum"]
    assert [graph.is_depthwise(node) for node in graph.convolutions] == [
        False, False, False, True, False, False,
    ]  # fmt: skip


def test_channels_are_observed(network, seen):
    ((low, high, mean),) = observe(network, ["stem.act"], seen).values()
    assert low.shape == high.shape == mean.shape == (CHANNELS,)
    assert (low >= 0).all()
    assert (high <= 6).all()
    assert (mean > low).any()


def test_equalisation_changes_weights_and_not_the_function(network, seen):
    equalised = copy_model(network)
    assert equalise(equalised, seen, 1.0) > 2
    before, after = Graph(network), Graph(equalised)
    assert not np.allclose(before.constant("wide.w"), after.constant("wide.w"))
    np.testing.assert_allclose(logits(equalised, seen), logits(network, seen), atol=1e-4)
    ((_, high, _),) = observe(equalised, ["wide.act"], seen).values()
    assert np.median(high) == pytest.approx(6, abs=1e-3)  # every live channel fills the range


def test_equalisation_leaves_what_the_head_reads(network, seen):
    equalised = copy_model(network)
    equalise(equalised, seen, 1.0)
    np.testing.assert_allclose(
        run(equalised, seen, ["cam"])[0], run(network, seen, ["cam"])[0], atol=1e-4
    )


def test_descent_is_better_than_rounding_to_the_nearest():
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(1, 12, 12))
    covariance = mixed @ mixed.transpose(0, 2, 1) + 0.01 * np.eye(12)
    weights = rng.normal(size=(1, 5, 12))
    steps = np.abs(weights).max(axis=2, keepdims=True) / 7

    def cost(rounded):
        error = weights - rounded
        return np.einsum("goi,gij,goj->go", error, covariance, error)

    nearest = np.round(weights / steps) * steps
    found = descend(weights, covariance, steps, 7)
    assert (cost(found) <= cost(nearest) + 1e-12).all()
    assert cost(found).sum() < 0.7 * cost(nearest).sum()
    np.testing.assert_allclose(found / steps, np.round(found / steps), atol=1e-9)
    assert (np.abs(found / steps) <= 7 + 1e-9).all()


def test_inputs_that_never_vary_are_rounded_to_the_nearest():
    weights = np.array([[[0.3, -1.0]]])
    found = descend(weights, np.zeros((1, 2, 2)), np.full((1, 1, 1), 0.25), 4)
    np.testing.assert_allclose(found, [[[0.25, -1.0]]])


@pytest.mark.parametrize("levels", [127, 63])
def test_the_quantiser_keeps_rounded_weights(network, seen, levels):
    rounded = copy_model(network)
    steps = round_weights(rounded, seen, levels)
    ranges = calibrate(rounded, seen)
    quantised = Graph(quantize(rounded, ranges, reduce_range=levels == 63, steps=steps))
    for name in ("stem.w", "deep.w", "top.w"):
        integers = quantised.constant(f"{name}_quantized").astype(np.float32)
        assert np.abs(integers).max() <= levels
        back = integers * quantised.constant(f"{name}_scale")[:, None, None, None]
        np.testing.assert_allclose(back, Graph(rounded).constant(name), rtol=1e-5, atol=1e-7)


@pytest.fixture(scope="module")
def prepared(seen):
    return Network(make_network(), seen)


def test_equalised_and_rounded_by_descent_the_logits_change_less(network, prepared, seen, others):
    wanted = logits(network, others)
    plain = noise_of(logits(quantize(network, calibrate(network, seen)), others), wanted)
    noise = noise_of(logits(prepared.build(), others), wanted)
    assert noise < min(plain, 0.2 * wanted.std())


def test_pixels_are_the_quantised_input_and_nothing_is_left_in_fp32(network, seen, tmp_path):
    quantised = quantize(network, calibrate(network, seen))
    kinds = Counter(node.op_type for node in quantised.graph.node)
    assert "Cast" not in kinds
    assert "Clip" not in kinds
    ran = optimised(quantised, tmp_path)
    assert "Conv" not in ran
    assert ran["QLinearConv"] == 6
    assert ran["QLinearAdd"] == 1
    assert "QuantizeLinear" not in ran
    assert ran["DequantizeLinear"] <= 2  # for the mean and for the map


def test_signed_activations_for_arm(network, seen, others):
    quantised = quantize(network, calibrate(network, seen), "arm")
    zeros = [v for v in quantised.graph.initializer if v.name.endswith("_zero_point")]
    assert onnx.TensorProto.UINT8 not in {value.data_type for value in zeros}
    wanted = logits(network, others)
    assert noise_of(logits(quantised, others), wanted) < 0.2 * wanted.std()


def test_first_layers_kept_in_fp32_stay_so(prepared, tmp_path):
    quantised = prepared.build({"stem", "first"})
    assert optimised(quantised, tmp_path)["QLinearConv"] == 4
    assert not isolated_nodes(quantised)
    graph, original = Graph(quantised), Graph(prepared.model)
    np.testing.assert_array_equal(graph.constant("stem.w"), original.constant("stem.w"))


def test_isolated_nodes_are_noticed(prepared):
    assert isolated_nodes(prepared.build({"deep"})) == ["deep"]
    assert not isolated_nodes(prepared.build({"top"}))  # nothing is quantised behind it


def test_layers_are_measured_one_by_one(prepared, others):
    layers = prepared.sensitivity(others)
    assert [layer.name for layer in layers] == prepared.layers
    together = noise_of(logits(prepared.build(), others), logits(prepared.model, others))
    assert all(0 < layer.noise < 2 * together for layer in layers)
    assert {layer.noise for layer in prepared.sensitivity(others, minutes=0)} == {None}


def test_a_line_changes_probability_map_and_description_alike(network, seen):
    model = copy_model(network)
    before, cam = logits(model, seen), run(model, seen, ["cam"])[0]
    line = fit_line(before, 1.25 * before - 0.5)
    described = apply_line(model, info(), line)
    np.testing.assert_allclose(logits(model, seen), 1.25 * before - 0.5, atol=1e-4)
    after = run(model, seen, ["cam"])[0]
    np.testing.assert_allclose(after, 1.25 * cam, atol=1e-4)
    np.testing.assert_allclose(
        after.mean(axis=(1, 2)) + described.settings["cam_bias"], logits(model, seen), atol=1e-3
    )
    assert described.settings["calibration"]["temperature"] == pytest.approx(0.4)
    assert described.settings["calibration"]["bias"] == pytest.approx(1.25 * 0.25 - 0.5)


def test_a_graph_of_another_kind_is_rejected(network, seen):
    model = copy_model(network)
    for node in model.graph.node:
        if node.op_type == "Sigmoid":
            node.op_type = "Tanh"
    with pytest.raises(QuantizationError, match="sigmoid"):
        logits(model, seen)
