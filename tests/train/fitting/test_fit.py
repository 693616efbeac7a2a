"""A whole small training on pictures that are easy to tell apart, and what it leaves behind."""

import csv
import errno
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the extra `train`")
import train.fitting._features
from fakeface.images import Picture
from fakeface.preprocessing import crop_picture
from tests.train.conftest import fill
from train.data._cache import Cache
from train.data._dataset import load_data
from train.errors import DataError, RecipeError, RunError, WeightsError
from train.fitting._compare import compare
from train.fitting._features import FeatureTable
from train.fitting._fit import fit
from train.fitting._read_data import Selection, read_data
from train.fitting._run import create_run, load_run
from train.fitting._shards import SHARD, Shards
from train.recipes._recipe import load_recipe

pytestmark = pytest.mark.train

SETTINGS = ("backbone.name=efficientnet-lite0", "crop.size=64", "faces=whole", "fit.epochs=4")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Data, cache and a finished run of a small `report`."""
    folder = tmp_path_factory.mktemp("fit")
    for number, name in enumerate(("AI/gan", "AI/diffusion", "Real/phones", "Real/studio")):
        fill(folder / "faces" / name, 40, 100 * number, noisy=name.startswith("Real"))
    cache = Cache(folder / "cache")
    recipe = load_recipe("report", SETTINGS)
    data = read_data(folder / "faces", recipe, cache, Selection())
    return data, cache, recipe, fit(recipe, data, cache, folder / "report")


def test_a_run_holds_what_it_promises(small):
    _, _, recipe, run = small
    files = {path.name for path in run.path.iterdir()}
    assert files == {
        "model.keras", "run.json", "recipe.toml", "history.csv", "history.png", "report.txt",
        "report.json", "scores-val.csv", "scores-test.csv", "confusion.png", "roc.png",
    }  # fmt: skip
    assert load_recipe(str(run.path / "recipe.toml")) == recipe
    text = (run.path / "report.txt").read_text()
    assert "precision    recall  f1-score   support" in text
    assert "Real/studio" in text
    with (run.path / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert len(history) == run.info["epochs"] <= 4
    assert {"epoch", "loss", "accuracy", "val_loss"} <= set(history[0])


def test_a_run_says_what_made_it_and_how_good_it_is(small):
    data, _, recipe, run = small
    assert run.recipe == recipe
    assert run.info["data"]["fingerprint"] == data.fingerprint()
    assert run.info["data"]["counts"]["AI/gan"] == {"train": 28, "val": 4, "test": 8, "unseen": 0}
    assert {"tensorflow", "keras", "python", "fakeface"} <= set(run.info["versions"])
    test = run.info["metrics"]["test"]
    assert test["pictures"] == 32
    assert test["auc"] > 0.95
    assert test["sources"]["Real/studio"]["pictures"] == 8
    assert json.loads((run.path / "report.json").read_text()) == test
    assert run.calibration.temperature > 0
    assert [(p.name, p.photographs) for p in run.operating_points] == [("fpr38", 8)]
    low, high = run.operating_points[0].interval
    assert low == 0 < high < 0.38
    text = (run.path / "report.txt").read_text()
    assert text.startswith("WARNING: the threshold for at most 38% false alarms rests on 8 photo")
    assert "No threshold for false alarms of 1 % (300 photographs) and 5 % (60 photographs)" in text
    assert "test has the sources of train" in text
    assert run.info["kept_epoch"] in range(1, 5)
    losses = [float(row["val_loss"]) for row in csv.DictReader((run.path / "history.csv").open())]
    assert losses[run.info["kept_epoch"] - 1] == min(losses)
    assert run.thresholds.real <= run.thresholds.fake == run.operating_points[0].threshold


def test_the_whole_network_says_what_the_cached_features_said(small):
    """`run.outputs`, which is exported, against the scores taken while fitting."""
    data, _, recipe, _ = small
    run = load_run(small[3].path)
    samples = data.split("test")
    crops = np.stack([crop_picture(Picture(s.path), s.box, recipe.crop) for s in samples])
    scores = run.scores("test")
    assert scores.names == [s.name for s in samples]
    p_fake = run.outputs(crops)["p_fake"].numpy()
    assert p_fake.shape == (32,)
    np.testing.assert_allclose(p_fake, run.calibration.p_fake(scores.logits), atol=1e-5)
    p_real = run.model.predict(crops, verbose=0)[:, 0]
    np.testing.assert_allclose(p_real, scores.p_real, atol=1e-5)


def test_a_finished_run_is_not_done_again_and_not_overwritten(small, monkeypatch):
    data, cache, recipe, run = small
    before = (run.path / "run.json").read_bytes()
    monkeypatch.setattr(train.fitting._features.FeatureTable, "compute", None)
    assert fit(recipe, data, cache, run.path).info == run.info
    with pytest.raises(RunError, match="another recipe"):
        fit(replace(recipe, seed=5), data, cache, run.path)
    with pytest.raises(RunError, match="other data"):
        fit(recipe, data.limited(3), cache, run.path)
    assert (run.path / "run.json").read_bytes() == before


def test_the_same_seed_gives_the_same_run(small, tmp_path):
    data, cache, recipe, run = small
    again = fit(recipe, data, cache, tmp_path / "again")
    np.testing.assert_allclose(
        again.scores("test").logits, run.scores("test").logits, rtol=1e-4, atol=1e-4
    )


def test_unseen_is_scored_only_when_asked_and_never_fitted_on(small, tmp_path):
    data, cache, recipe, run = small
    held_out = replace(
        data,
        samples=data.samples
        + tuple(
            replace(s, name=f"new/{s.name}", split="unseen", origin="new")
            for s in data.split("test")
        ),
    )
    seen = fit(recipe, held_out, cache, tmp_path / "seen")
    assert seen.info["metrics"]["unseen"]["pictures"] == 32
    assert "AI/new" in (seen.path / "report-unseen.txt").read_text()
    assert seen.calibration.temperature == pytest.approx(run.calibration.temperature, rel=1e-3)
    with pytest.raises(RunError, match=r"scores-unseen\.csv"):
        run.scores("unseen")

    # the same afterwards, to a run that is finished
    late = tmp_path / "late"
    shutil.copytree(run.path, late)
    before = {path.name: path.read_bytes() for path in late.glob("*-test.csv")}
    added = fit(recipe, held_out, cache, late)
    assert added.info["metrics"]["test"] == run.info["metrics"]["test"]
    assert added.info["metrics"]["unseen"]["pictures"] == 32
    assert added.info["data"]["counts"]["AI/new"]["unseen"] == 16
    assert (late / "report-unseen.txt").exists()
    said = added.scores("unseen")
    assert said.names == seen.scores("unseen").names
    known = dict(zip(run.scores("test").names, run.scores("test").logits, strict=True))
    wanted = [known[name.removeprefix("new/")] for name in said.names]
    np.testing.assert_allclose(said.logits, wanted, atol=1e-4)
    assert {path.name: path.read_bytes() for path in late.glob("*-test.csv")} == before


def test_every_recipe_is_tested_on_the_same_pictures(small):
    data, cache, recipe, _ = small
    other = read_data(data.root, replace(recipe, seed=31), cache, Selection())
    assert other.fingerprint() == data.fingerprint()
    assert load_data(data.root, cache).fingerprint() == data.fingerprint()


def test_only_the_same_training_goes_on(small, tmp_path):
    data, _, recipe, _ = small
    create_run(tmp_path, recipe, data)
    create_run(tmp_path, replace(recipe, seed=1), data)  # nothing was kept of the one before
    (tmp_path / "checkpoints").mkdir()
    create_run(tmp_path, replace(recipe, seed=1), data)
    with pytest.raises(RunError, match="stopped, of another recipe"):
        create_run(tmp_path, recipe, data)
    with pytest.raises(RunError, match="stopped, on other data"):
        create_run(tmp_path, replace(recipe, seed=1), data.limited(3))
    assert load_recipe(str(tmp_path / "recipe.toml")).seed == 1
    manifest = tmp_path / "run-manifest.json"
    recorded = json.loads(manifest.read_text())
    recorded["recipe"]["fit"]["gone"] = 1  # an option of an earlier version
    manifest.write_text(json.dumps(recorded))
    create_run(tmp_path, replace(recipe, seed=1), data)
    manifest.write_text("{")
    with pytest.raises(RunError, match=r"run-manifest\.json"):
        create_run(tmp_path, replace(recipe, seed=1), data)


def test_features_survive_an_interruption_at_any_point(small, tmp_path, monkeypatch):
    data, _, recipe, _ = small
    cache = Cache(tmp_path)
    table = FeatureTable(recipe, cache)
    real, runs = table._model.predict_on_batch, []

    def interrupted(batch):
        if runs:
            raise KeyboardInterrupt
        runs.append(len(batch))
        return real(batch)

    monkeypatch.setattr(table._model, "predict_on_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        table.compute(data.samples)
    # and what kills in the middle of a write may leave: rows without ids, ids without rows, half
    (shard,) = table.folder.glob("*.npy")
    (table.folder / "a.npy").write_bytes(shard.read_bytes())
    (table.folder / "b.json").write_text('["x"]')
    (table.folder / "c.json").write_text('["x"')
    (table.folder / "d.npy").write_bytes(shard.read_bytes()[:1000])
    (table.folder / "d.json").write_text(shard.with_suffix(".json").read_text())

    resumed = FeatureTable(recipe, cache)
    counted = []
    real = resumed._model.predict_on_batch
    monkeypatch.setattr(
        resumed._model, "predict_on_batch", lambda batch: counted.append(len(batch)) or real(batch)
    )
    resumed.compute(data.samples)
    assert (runs, counted) == ([SHARD], [len(data.samples) - SHARD])
    whole = FeatureTable(recipe, small[1])
    for pooling in ("max", "global-average"):
        np.testing.assert_allclose(
            resumed.rows(data.samples, pooling),
            whole.rows(data.samples, pooling),
            rtol=1e-4,
            atol=1e-4,
        )


def test_features_are_kept_apart_by_all_that_they_depend_on(small, tmp_path):
    recipe, cache = small[2], Cache(tmp_path)
    others = [
        replace(recipe, name="other", head=replace(recipe.head, units=3)),
        replace(recipe, crop=replace(recipe.crop, margin=1.6)),
        replace(recipe, faces="find"),
        replace(recipe, backbone=replace(recipe.backbone, weights="none")),
    ]
    folders = [FeatureTable(r, cache).folder for r in (recipe, *others)]
    assert folders[1] == folders[0]
    assert len(set(folders)) == 4


def test_a_full_disk_leaves_nothing_half_written(small, tmp_path, monkeypatch):
    import keras

    data, cache, recipe, _ = small

    def full(_, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(OSError, match="No space left"):
        fit(recipe, data, cache, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"recipe.toml", "run-manifest.json"}
    monkeypatch.undo()
    assert fit(recipe, data, cache, tmp_path).info["metrics"]["test"]["auc"] > 0.95


def test_a_picture_that_vanished_stops_the_run_by_name(small, tmp_path):
    data, _, recipe, _ = small
    gone = replace(data.samples[0], path=tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"gone\.png"):
        FeatureTable(recipe, Cache(tmp_path)).compute([gone])


def test_the_folder_is_checked_before_weights_and_weights_before_pictures(tmp_path):
    recipe = load_recipe("report", [*SETTINGS, "backbone.weights=none.pth"])
    with pytest.raises(DataError, match="is not a folder"):
        read_data(tmp_path / "no-such-folder", recipe, Cache(tmp_path), Selection())
    for name in ("AI", "Real"):
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match=r"has neither AI/ and Real/|no picture of class Real"):
            read_data(tmp_path, recipe, Cache(tmp_path), Selection())
        (tmp_path / name / "no-picture.png").write_bytes(b"never read")
    with pytest.raises(WeightsError, match=r"there is no file none\.pth"):
        read_data(tmp_path, recipe, Cache(tmp_path / "cache"), Selection())
    assert not (tmp_path / "cache").exists()


def test_compare_says_what_the_figures_allow(small, tmp_path, monkeypatch):
    data, cache, recipe, _ = small
    passes = []
    real = Shards._write
    monkeypatch.setattr(Shards, "_write", lambda *args: passes.append(args) or real(*args))
    recipes = [recipe, load_recipe("report-avgpool", SETTINGS)]
    text = compare(recipes, data, cache, tmp_path)
    assert not passes  # every feature was there
    assert {p.name for p in tmp_path.iterdir()} == {
        "report", "report-avgpool", "compare.md", "compare.json",
    }  # fmt: skip
    results = json.loads((tmp_path / "compare.json").read_text())
    systems = results["systems"]
    assert [s["name"] for s in systems] == ["report", "report-avgpool"]
    assert systems[1]["mcnemar"]["p"] > 0.05
    assert (tmp_path / "compare.md").read_text(encoding="utf-8") == text
    assert "32 test pictures (16 AI, 16 Real)" in text
    assert "measured on its own test pictures" in text
    assert "| 0.99 [0.980, 0.996] |" in text
    assert "- report-avgpool is within noise of report here" in text
    assert results["test"] == {"AI": 16, "Real": 16}
    for other in (replace(recipes[1], seed=1), replace(recipes[1], name="report")):
        with pytest.raises(RecipeError):
            compare([recipe, other], data, cache, tmp_path)


@pytest.mark.parametrize("broken", ["none", "text", "format", "model"])
def test_a_directory_that_is_no_run_is_refused(broken, small, tmp_path):
    info = dict(small[3].info)
    if broken == "text":
        (tmp_path / "run.json").write_text("{")
    elif broken != "none":
        info["format"] = 0 if broken == "format" else info["format"]
        (tmp_path / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError):
        load_run(tmp_path).model  # noqa: B018
