import json

import pytest
from typer.testing import CliRunner

from benchmarks import _profile_app  # noqa: F401 -- its command
from benchmarks._app import app
from benchmarks._profile import WARM, Layer, kind_of, layers_of, profile, roof, summary
from benchmarks.peers import _build
from benchmarks.peers._peer import PeerError


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "kind", "operations"),
    [
        ("Conv", [[1, 16, 8, 8], [32, 16, 1, 1], [32]], [[1, 32, 8, 8]], "pointwise", 65536),
        ("FusedConv", [[2, 16, 8, 8], [16, 1, 3, 3]], [[2, 16, 8, 8]], "depthwise", 36864),
        ("Conv", [[1, 3, 8, 8], [4, 3, 3, 3]], [[1, 4, 4, 4]], "other convolutions", 3456),
        (  # channels last, with scales and zero points between
            "QLinearConv",
            [[1, 8, 8, 16], [], [], [32, 16, 1, 1], [32], [32], [], [], [32]],
            [[1, 8, 8, 32]],
            "pointwise",
            65536,
        ),
        ("MatMul", [[578, 672], [672, 1]], [[578, 1]], "matrix products", 776832),
        ("FusedGemm", [[1, 4], [4, 3], [3]], [[1, 3]], "matrix products", 24),
        ("Slice", [[1, 272, 272, 3], [3]], [[1, 272, 272, 3]], "all else", 0),
    ],
)
def test_arithmetic_follows_from_the_shapes(operator, inputs, outputs, kind, operations):
    assert kind_of(operator, inputs, outputs) == (kind, operations)


def test_first_runs_do_not_count():
    def event(duration):
        return {
            "cat": "Node",
            "name": "conv_kernel_time",
            "dur": duration,
            "args": {"op_name": "Conv", "node_index": "3"},
        }

    events = [event(9000)] * WARM + [event(d) for d in (2000, 1000, 3000)]
    events.append({"cat": "Session", "name": "model_run", "dur": 5, "args": {}})
    assert layers_of(events, {("3", "conv"): ("pointwise", 10**9)}) == [
        Layer("conv", "Conv", "pointwise", 10**9, 2.0)
    ]
    assert layers_of(events[:1], {}) == [Layer("conv", "Conv", "all else", 0, 9.0)]


def test_small_layers_do_not_set_the_roof():
    layers = [
        Layer("large", "Conv", "pointwise", 20_000_000, 0.1),
        Layer("larger", "Conv", "pointwise", 20_000_000, 0.4),
        Layer("small", "MatMul", "matrix products", 1_000_000, 0.001),
        Layer("int8", "QLinearConv", "depthwise", 50_000_000, 0.1),
        Layer("copy", "Slice", "all else", 0, 5.0),
    ]
    roofs = roof(layers)
    assert roofs == {"fp32": pytest.approx(200), "int8": pytest.approx(500)}
    told = summary(layers, roofs)
    assert told["floor_ms"] == pytest.approx(0.1 + 0.1 + 0.001 + 0.1)
    assert told["kinds"]["pointwise"] == {
        "count": 2,
        "operations": 40_000_000,
        "ms": 0.5,
        "share": pytest.approx(0.5 / 5.601, abs=1e-4),
        "speed": 80.0,
    }
    assert [layer["name"] for layer in told["layers"]][:2] == ["copy", "larger"]


def test_the_bundled_models_are_what_they_are():
    result = profile(["edge", "edge-int8"], [1], seconds=0)
    json.dumps(result, allow_nan=False)
    cell = result["threads"]["1"]
    assert set(cell["roof"]) == {"fp32", "int8"}
    fp32, int8 = cell["models"]["edge"], cell["models"]["edge-int8"]
    for model in (fp32, int8):
        # EfficientNet-Lite0 to its block 11: two convolutions in front make the second view
        assert model["kinds"]["depthwise"]["count"] == 13
        assert model["kinds"]["pointwise"]["count"] == 22
        assert model["kinds"]["other convolutions"]["count"] == 1
        assert 1.2e9 < model["operations"] < 2e9
        assert 0 < model["floor_ms"] <= sum(kind["ms"] for kind in model["kinds"].values())
    assert {layer["operator"] for layer in int8["layers"]} >= {"QLinearConv", "Conv"}


def test_the_command(models, tmp_path):
    arguments = ["profile", "-m", models[0], "-m", models[1], "--threads", 1, "--seconds", 0]
    done = CliRunner().invoke(app, [*map(str, arguments), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    written = {"profile.json", "profile.md", "profile.png"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == written
    assert "## Slowest layers of redder" in done.output
    twice = CliRunner().invoke(app, ["profile", "-m", "edge", "-m", "edge"])
    assert twice.exit_code == 2
    assert "same name" in twice.output


def test_a_network_that_cannot_be_made_is_told(monkeypatch, tmp_path):
    def refuse(*_):
        raise PeerError("its network could not be made: no TensorFlow")

    monkeypatch.setattr(_build, "built", refuse)
    arguments = ["profile", "-m", "edge", "--resnet50", "-o", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "error: the report's ResNet50: its network could not be made" in done.output
