import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.accuracy._degradations import DEGRADATIONS
from benchmarks.accuracy._groups import make_groups
from benchmarks.accuracy._measure import evaluate, run_accuracy
from benchmarks.accuracy._tables import accuracy_markdown
from fakeface import Box, Detector
from fakeface.inference import Classifier
from train.data import Cache, load_data

SOME = [DEGRADATIONS["clean"], DEGRADATIONS["hard"], DEGRADATIONS["background-only"]]


@pytest.fixture(scope="module")
def run(models, faces, tmp_path_factory):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    return run_accuracy(models, load_data(faces, cache), ["test"], SOME, cache)


def of(run, model, degradation):
    return next(s for s in run.scored if (s.model, s.degradation) == (model, degradation))


def test_clean_scores_are_those_of_the_library(run, models):
    detector = Detector(models[0])
    clean = of(run, "red", "clean")
    for sample, p_fake, box in zip(run.samples, clean.p_fake, clean.boxes, strict=True):
        prediction = detector.predict(sample.path)
        if box == "finder":
            assert p_fake == pytest.approx(prediction.p_fake, abs=1e-6)
        else:
            assert prediction.p_fake is None


def test_where_no_face_is_found_the_box_of_the_manifest_is_taken_and_counted(run):
    clean = of(run, "red", "clean")
    boxes = {s.name: box for s, box in zip(run.samples, clean.boxes, strict=True)}
    assert boxes["Real/club/test0.jpg"] == "manifest"
    assert boxes["Real/ffhq/test0.jpg"] == "finder"
    assert not np.isnan(clean.p_fake).any()


def test_metrics_and_groups(run):
    result = evaluate(run, count=50)
    clean = result["results"]["test"]["red"]["clean"]
    assert list(clean["groups"]) == [
        "everything",
        "without vae-recon",
        "stylegan / ffhq",
        "vae-recon / ffhq",
        "AI/stylegan",
        "AI/vae-recon",
        "Real/club",
        "Real/ffhq",
    ]
    pair = clean["groups"]["stylegan / ffhq"]
    assert (pair["ai"], pair["real"], pair["auc"][0]) == (6, 6, 1.0)
    assert clean["groups"]["AI/vae-recon"]["real"] == 12
    assert clean["groups"]["Real/club"]["ai"] == 6  # vae-recon is kept apart
    assert sum(clean["boxes"].values()) == 24
    assert (
        result["results"]["test"]["metadata-only"]["clean"]["groups"]["everything"]["auc"][0] > 0.5
    )
    json.dumps(result, allow_nan=False)


def test_the_same_seed_gives_the_same_result(run):
    assert evaluate(run, count=5) == evaluate(run, count=5)
    assert evaluate(run, count=5) != evaluate(run, count=5, seed=1)


def test_without_an_excluded_origin_everything_is_the_main_group(run):
    samples = [s for s in run.samples if s.origin != "vae-recon"]
    assert [g.name for g in make_groups(samples)][:2] == ["everything", "stylegan / ffhq"]


def test_a_killed_run_resumes_where_it_stopped(models, faces, tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    data = load_data(faces, cache)
    seen = []
    predict = Classifier.predict

    def counted(self, crops):
        seen.append(len(crops))
        return predict(self, crops)

    monkeypatch.setattr(Classifier, "predict", counted)
    whole = run_accuracy(models[:1], data, ["test"], SOME[:1], cache)
    assert sum(seen) == 24
    (journal,) = tmp_path.glob("scores/*/*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:10]) + lines[10][:7])  # killed within the eleventh
    seen.clear()
    again = run_accuracy(models[:1], data, ["test"], SOME[:1], cache)
    assert sum(seen) == 14
    assert (again.scored[0].p_fake == whole.scored[0].p_fake).all()
    seen.clear()
    run_accuracy(models, data, ["test"], SOME[:1], cache)
    assert sum(seen) == 24  # the second model alone


def test_models_of_other_data_are_named(run):
    result = evaluate(run, count=5)
    mine, other = ({"fingerprint": f} for f in (result["data"]["fingerprint"], "0123"))
    for model, recorded in zip(result["models"], (mine, other), strict=True):
        model["trained_on"] = recorded
    text = accuracy_markdown(result)
    assert "- redder was trained on other data (0123)" in text
    assert "- red was trained" not in text


def test_another_box_in_the_manifest_is_another_score(models, faces, tmp_path):
    """It counts where no face is found: what was kept of the old box must not be taken."""
    cache = Cache(tmp_path)
    data = load_data(faces, cache)
    one = run_accuracy(models[:1], data, ["test"], SOME[:1], cache)
    number = one.scored[0].boxes.index("manifest")
    cat = one.samples[number]
    moved = replace(cat, box=Box(0, 0, 30, 30))
    samples = tuple(moved if sample is cat else sample for sample in data.samples)
    other = run_accuracy(models[:1], replace(data, samples=samples), ["test"], SOME[:1], cache)
    assert other.scored[0].p_fake[number] != one.scored[0].p_fake[number]
    same = np.arange(len(one.samples)) != number
    assert (other.scored[0].p_fake == one.scored[0].p_fake)[same].all()


def test_an_unreadable_picture_is_counted_and_stops_nothing(models, faces, tmp_path):
    cache = Cache(tmp_path)
    data = load_data(faces, cache)
    broken = data.split("test")[3]
    whole = broken.path.read_bytes()
    try:
        broken.path.write_bytes(whole[: len(whole) // 40])
        run = run_accuracy(
            models[:1], data, ["test"], [DEGRADATIONS["clean"], DEGRADATIONS["web"]], cache
        )
    finally:
        broken.path.write_bytes(whole)
    for scored in run.scored[:2]:
        assert np.isnan(scored.p_fake).sum() == 1
    clean = evaluate(run, count=5)["results"]["test"]["red"]["clean"]
    assert clean["boxes"]["unreadable"] == 1
    assert clean["groups"]["everything"]["ai"] + clean["groups"]["everything"]["real"] == 23


def test_the_command(models, faces, tmp_path):
    arguments = ["accuracy", "--data", faces, "-o", tmp_path / "out", "--cache", tmp_path / "cache"]
    arguments += ["--model", models[0], "--split", "test", "--split", "unseen"]
    arguments += ["--degradation", "clean", "--degradation", "web", "--resamples", "5"]
    outcome = CliRunner().invoke(app, list(map(str, arguments)))
    assert outcome.exit_code == 0, outcome.output
    assert "| AI/stylegan | 6 |" in outcome.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"accuracy.json", "accuracy.md"}
    text = (tmp_path / "out" / "accuracy.md").read_text()
    assert "### Sources: red" in text
    assert "## Split `unseen`" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "no-such-model"], "no-such-model"),
        (["--model", "faces"], "not a classifier"),
        (["--degradation", "nice"], "no degradation nice"),
        (["--split", "tset"], "no split tset; there are: train, val, test, unseen"),
        (["--split", "val"], "no picture in split val"),
        (["--mistakes", "3", "--degradation", "web"], "add --degradation clean"),
    ],
)
def test_errors_name_the_cause(models, without_val, tmp_path, arguments, message):
    options = ["--data", str(without_val), "--cache", str(tmp_path), "-o", str(tmp_path / "out")]
    model = [] if "--model" in arguments else ["--model", str(models[0])]
    outcome = CliRunner().invoke(app, ["accuracy", *options, *model, *arguments])
    assert outcome.exit_code == 2
    assert message in " ".join(outcome.output.replace("│", " ").split())
