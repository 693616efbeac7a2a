import json

from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.baselines import _build
from benchmarks.baselines._baseline import BaselineError
from benchmarks.speed._profile import profile


def test_layers_of_the_bundled_models():
    result = profile(["edge", "edge-int8"], [1], seconds=0)
    json.dumps(result, allow_nan=False)
    cell = result["threads"]["1"]
    assert set(cell["peak_throughput"]) == {"fp32", "int8"}
    fp32, int8 = cell["models"]["edge"], cell["models"]["edge-int8"]
    for model in (fp32, int8):
        # EfficientNet-Lite0 to its block 11 and EfficientNet-Lite2 to its block 15
        assert model["kinds"]["depthwise"]["count"] == 11 + 15
        assert model["kinds"]["pointwise"]["count"] == 22 + 30
        assert model["kinds"]["other convolutions"]["count"] == 2
        assert 1.7e9 < model["operations"] < 2.3e9
        assert 0 < model["lower_bound_ms"] <= sum(kind["ms"] for kind in model["kinds"].values())
    assert "QLinearConv" in {layer["operator"] for layer in int8["layers"]}
    assert "Conv" in {layer["operator"] for layer in fp32["layers"]}


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


def test_a_network_that_cannot_be_built_is_named(monkeypatch, tmp_path):
    def fail(*_):
        raise BaselineError("its network could not be built: no TensorFlow")

    monkeypatch.setattr(_build, "build_or_load", fail)
    arguments = ["profile", "-m", "edge", "--resnet50", "-o", str(tmp_path)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "error: the report's ResNet50: its network could not be built" in done.output
