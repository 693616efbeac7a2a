"""Networks rewritten for ONNX Runtime keep their outputs."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from export._channel_padding import drop_unused_values, pad_to_blocks, split_shortcuts


class Network:
    """Residual blocks as in BlazeFace: shortcuts padded with channels, one of them reduced."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.tensors = {
            "more_4": np.array([0, 0, 0, 0, 0, 4, 0, 0], np.int64),
            "more_16": np.array([0, 0, 0, 0, 0, 16, 0, 0], np.int64),
            "shape_16": np.array([0, -1, 16], np.int64),
        }
        self.nodes: list[onnx.NodeProto] = []
        self.conv("x", "a", 24, 3, 5, stride=2)
        self.block("a", "b", 24)
        self.block("b", "c", 28, pad="more_4")  # within a block of channels
        self.block("c", "d", 32, pad="more_4", stride=2)
        self.block("d", "e", 48, pad="more_16")  # a block more
        self.conv("e", "head", 32, 48, 1, relu=False)
        self.node("Transpose", ["head"], "rows", perm=[0, 2, 3, 1])
        self.node("Reshape", ["rows", "shape_16"], "out")

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def conv(self, source, output, outs, ins, size, stride=1, group=1, relu=True):
        shape = (outs, ins // group, size, size)
        weights = self.rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        self.tensors[f"{output}_w"] = weights.astype(np.float32)
        self.tensors[f"{output}_b"] = self.rng.normal(0, 0.1, outs).astype(np.float32)
        end = size // 2 if stride == 1 else size - stride - (size - stride) // 2
        pads = [(size - 1) // 2 if stride == 1 else (size - stride) // 2] * 2 + [end] * 2
        raw = f"{output}_raw" if relu else output
        self.node(
            "Conv",
            [source, f"{output}_w", f"{output}_b"],
            raw,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=pads,
            group=group,
        )
        if relu:
            self.node("Relu", [raw], output)

    def block(self, source, output, outs, pad=None, stride=1):
        ins = {"a": 24, "b": 24, "c": 28, "d": 32}[source]
        deep, flat, short = f"{output}_deep", f"{output}_flat", source
        self.conv(source, deep, ins, ins, 3, stride, group=ins, relu=False)
        self.conv(deep, flat, outs, ins, 1, relu=False)
        if stride > 1:
            short = f"{output}_pool"
            self.node("MaxPool", [source], short, kernel_shape=[2, 2], strides=[2, 2])
        if pad:
            self.node("Pad", [short, pad], f"{output}_pad")
            short = f"{output}_pad"
        self.node("Add", [short, flat], f"{output}_sum")
        self.node("Relu", [f"{output}_sum"], output)

    def model(self) -> onnx.ModelProto:
        used = {name for node in self.nodes for name in node.input}
        value = helper.make_tensor_value_info
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                "network",
                [value("x", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
                [value("out", TensorProto.FLOAT, ["batch", "anchors", None])],
                [numpy_helper.from_array(a, n) for n, a in self.tensors.items() if n in used],
            ),
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def run(self, image: np.ndarray) -> np.ndarray:
        session = ort.InferenceSession(
            self.model().SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return session.run(["out"], {"x": image})[0]


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(0, 1, (2, 3, 32, 48)).astype(np.float32)


def test_padded_channels_leave_the_outputs(network, image):
    wanted = network.run(image)
    network.nodes = pad_to_blocks(network.nodes, network.tensors, "x")
    np.testing.assert_allclose(network.run(image), wanted, rtol=1e-4, atol=1e-5)
    made = {node.output[0]: node for node in network.nodes}
    for name, node in made.items():
        if node.op_type == "Conv":
            assert len(network.tensors[node.input[1]]) % 16 == 0, name
    assert [name for name, node in made.items() if node.op_type == "Pad"] == ["e_pad"]


def test_split_shortcuts_leave_the_outputs(network, image):
    wanted = network.run(image)
    network.nodes = split_shortcuts(network.nodes, network.tensors)
    np.testing.assert_allclose(network.run(image), wanted, rtol=1e-4, atol=1e-5)
    kinds = Counter(node.op_type for node in network.nodes)
    assert "Pad" not in kinds
    assert kinds["Concat"] == 3


def test_only_the_first_values_of_each_anchor_are_left(network, image):
    wanted = network.run(image)
    drop_unused_values(network.nodes, network.tensors, 16, 4)
    given = network.run(image)
    assert given.shape == (2, 2 * 8 * 12, 4)
    np.testing.assert_allclose(given, wanted[:, :, :4], rtol=1e-5, atol=1e-6)
    head = next(node for node in network.nodes if node.output[0] == "head")
    assert network.tensors[head.input[1]].shape == (8, 48, 1, 1)


def test_all_of_it_leaves_nothing_to_reorder_between_blocks(network, image, tmp_path):
    wanted = network.run(image)[:, :, :4]
    drop_unused_values(network.nodes, network.tensors, 16, 4)
    network.nodes = pad_to_blocks(network.nodes, network.tensors, "x")
    network.nodes = split_shortcuts(network.nodes, network.tensors)
    np.testing.assert_allclose(network.run(image), wanted, rtol=1e-4, atol=1e-5)
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    data = network.model().SerializeToString()
    ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(tmp_path / "optimised.onnx").graph.node
    if not any(node.domain == "com.microsoft.nchwc" for node in nodes):
        pytest.skip("this processor has no layout in blocks of channels")
    kinds = Counter(node.op_type for node in nodes)
    assert kinds["ReorderOutput"] <= 1
    assert kinds["ReorderInput"] == kinds["Pad"] == 0
