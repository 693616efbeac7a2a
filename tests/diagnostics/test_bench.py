from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fakeface import Detector, FakefaceError
from fakeface.cli._app import app
from fakeface.diagnostics._bench import PORTRAIT, STAGES, cold_start, trace
from fakeface.diagnostics._environment import environment, peak_memory


def test_the_steps_are_all_of_the_whole(red):
    detector = Detector(red)
    steps = trace(detector, PORTRAIT.read_bytes())
    assert tuple(steps) == STAGES
    assert sum(steps[step] for step in STAGES[:-1]) == pytest.approx(steps["whole"])
    assert min(steps.values()) > 0


def test_what_is_measured_is_what_predict_does(red, monkeypatch):
    detector = Detector(red)
    said = []
    predict = Detector.predict
    monkeypatch.setattr(Detector, "predict", lambda *args: said.append(predict(*args)) or said[-1])
    trace(detector, PORTRAIT.read_bytes())
    detector.predict(PORTRAIT.read_bytes())
    assert said[0] == said[1]


def test_environment_says_what_matters():
    facts = environment()
    assert {"fakeface", "python", "numpy", "onnxruntime", "pillow"} == set(facts["versions"])
    assert facts["cpu"]["model"]
    assert facts["cpu"]["processors"] >= 1
    assert "cpu" in facts["providers"]
    json.dumps(facts)
    memory = peak_memory()
    assert memory is None or 20 < memory < 1e5


def test_a_new_process_is_measured_from_start_to_verdict(red):
    cold = cold_start(str(red), "cpu", 1, PORTRAIT, repeats=1)
    assert cold["whole"] == pytest.approx(
        sum(cold[part] for part in ("python", "import", "load", "first")), abs=0.5
    )
    assert cold["peak_rss_mb"] is None or cold["peak_rss_mb"] > 20


def test_a_process_that_fails_says_why(red, samples):
    with pytest.raises(FakefaceError, match=r"no-such\.jpg"):
        cold_start(str(red), "cpu", 1, samples / "no-such.jpg", repeats=1)


def test_the_command_writes_what_it_shows(red, tmp_path):
    file = tmp_path / "bench.json"
    options = ["--model", str(red), "--seconds", "0.1", "--batch", "3", "--threads", "1"]
    done = CliRunner().invoke(app, ["bench", *options, "--json", str(file)])
    assert done.exit_code == 0, done.output
    result = json.loads(file.read_text())
    assert set(result["steps"]) == set(STAGES)
    assert set(result["model_alone"]) == {"1", "3"}
    assert result["model"]["threads"] == 1
    assert result["pictures_per_second"] > 0
    assert "model alone, batch 3" in done.output
    assert f"{result['pictures_per_second']:.1f} pictures per second" in done.output


def test_where_the_results_go_is_checked_before_anything_is_measured(tmp_path, monkeypatch):
    def measured(**_):
        raise AssertionError

    monkeypatch.setattr("fakeface.diagnostics._bench.bench", measured)
    file = tmp_path / "bench.json"
    file.write_text("precious")
    done = CliRunner().invoke(app, ["bench", "--json", str(file)])
    assert (done.exit_code, file.read_text()) == (2, "precious")
    assert f"{file}: exists already; --overwrite replaces it" in done.output
    done = CliRunner().invoke(app, ["bench", "--json", str(tmp_path / "nowhere" / "bench.json")])
    assert done.exit_code == 2
    assert "no such file or directory" in done.output
    monkeypatch.setattr("fakeface.diagnostics._bench.bench", lambda **_: {"p50": 1})
    monkeypatch.setattr("fakeface.cli._bench._show", lambda result: None)
    assert CliRunner().invoke(app, ["bench", "--overwrite", "--json", str(file)]).exit_code == 0
    assert json.loads(file.read_text()) == {"p50": 1}


@pytest.mark.parametrize(
    ("picture", "message"),
    [("other/cat.png", "no face"), ("no-such.jpg", "not a file"), ("README.md", "not a picture")],
)
def test_a_picture_that_cannot_be_measured_is_refused(red, samples, picture, message):
    options = ["--model", str(red), "--image", str(Path(samples) / picture)]
    done = CliRunner().invoke(app, ["bench", *options])
    assert done.exit_code == 2
    assert message in done.output
