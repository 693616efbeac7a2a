import io
import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.speed._latency import SIZES, SPENT, latency, pictures, time_spent
from fakeface import Detector
from fakeface.diagnostics import STAGES


def test_pictures_have_their_sizes_and_a_face(models):
    detector = Detector(models[0])
    for name, data in pictures().items():
        assert Image.open(io.BytesIO(data)).size == SIZES[name]
        assert len(detector.predict(data).faces) == 1


def test_time_in_other_peoples_code_and_in_ours_is_all_there_is(models):
    detector = Detector(models[0])
    data = pictures()["1024 px"]
    unpatched = Image.Image.resize
    run = time_spent(detector, data)
    for parts in (run(), run()):  # the clock starts anew every time
        assert tuple(parts) == SPENT
        assert 0 < parts["pillow"] < 5
        assert 0 < parts["onnxruntime"] < 5
        assert parts["python"] > 0
    assert Image.Image.resize is unpatched


@pytest.fixture(scope="module")
def result(models):
    return latency(list(map(str, models)), threads=[1], batches=[1, 3], seconds=0)


def test_everything_is_measured_of_every_model(result):
    json.dumps(result, allow_nan=False)
    assert list(result["models"]) == ["red", "redder"]
    for model in result["models"].values():
        assert list(model["steps"]) == list(SIZES)
        assert all(tuple(steps) == STAGES for steps in model["steps"].values())
        assert list(model["model_alone"]["1"]) == ["1", "3"]
        assert all(0 < share < 1 for share in model["overhead"].values())
        assert model["cold_start"]["1"]["whole"] > 0
        version, predict = model["commands"].values()
        assert 0 < version["seconds"] < predict["seconds"]
        assert 5 < version["peak_rss_mb"] < predict["peak_rss_mb"] < 200
        assert list(model["peak_rss_mb"]) == list(SIZES)
    assert result["installed"]["fakeface"]["largest"]["onnxruntime"] > 10
    steps = result["models"]["red"]["steps"]
    assert steps["12 Mpx"]["decode"]["p50"] > steps["256 px"]["decode"]["p50"]


def test_the_command(models, tmp_path, monkeypatch, result):
    monkeypatch.setattr("benchmarks.speed._latency.latency", lambda *_: result)
    done = CliRunner().invoke(app, ["latency", "-m", str(models[0]), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {
        "latency.json",
        "latency.md",
        "latency.png",
    }
    assert "## redder" in done.output
    assert "share of Python" in done.output
    assert "| fakeface predict FILE |" in done.output
    assert "## Installed" in done.output
