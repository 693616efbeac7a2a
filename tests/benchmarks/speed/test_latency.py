import json

from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.speed._pictures import SIZES
from fakeface.diagnostics import STAGES


def test_everything_is_measured_of_every_model(models, tmp_path):
    words = ["latency", "-m", models[0], "-m", models[1], "-o", tmp_path]
    words += ["--threads", 1, "--batch", 1, "--batch", 3, "--seconds", 0]
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0
    assert (tmp_path / "latency.md").read_text() in done.stdout
    assert "## redder" in done.stdout
    result = json.loads((tmp_path / "latency.json").read_text())
    assert list(result["models"]) == ["red", "redder"]
    for model in result["models"].values():
        assert list(model["steps"]) == list(SIZES)
        assert all(tuple(steps) == STAGES for steps in model["steps"].values())
        assert model["steps"]["12 Mpx"]["model"]["p50"] > 0  # a face was found
        assert list(model["model_alone"]["1"]) == ["1", "3"]
        assert list(model["cold_start"]) == list(SIZES)
        assert all(cold["whole"] > cold["first"] > 0 for cold in model["cold_start"].values())
    steps = result["models"]["red"]["steps"]
    assert steps["12 Mpx"]["decode"]["p50"] > steps["256 px"]["decode"]["p50"]
