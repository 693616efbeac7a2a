from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from tests._encoder import write_encoder
from train.errors import DataError, RunError

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def features(trained, tmp_path_factory) -> Path:
    """A teacher's features of the pictures of `trained`."""
    from train.fitting._teacher_features import write_features

    folder = tmp_path_factory.mktemp("features")
    teacher = write_encoder(folder / "clip.onnx")
    write_features(trained[1], CropSpec(size=224), "whole", teacher, folder / "features.npz")
    return folder / "features.npz"


def _logits(run, samples) -> np.ndarray:
    from train.fitting._inference import score

    return score(run.model, samples, run.recipe)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_logit_is_a_mix_of_its_own_and_what_the_teacher_says(
    joined,
    trained,
    features: Path,
    tmp_path: Path,
    share: float,
) -> None:
    from train.fitting._combine import load_runs
    from train.fitting._distil_head import distil_head
    from train.fitting._distillation import read_targets
    from train.recipes import DistillationSpec

    data, (_, ensemble, _) = trained[1], joined
    train = data.split("train")
    calibration = ensemble.calibration
    own = _logits(ensemble, train) / calibration.temperature - calibration.bias
    spec, seed = DistillationSpec(str(features), components=1), ensemble.recipe.seed
    targets = read_targets(train, spec, ensemble.recipe.finetune.sampling, seed)
    taught = [targets.rows[s.name][-1] * targets.deviation + targets.mean for s in train]
    (opened,) = load_runs([ensemble.path])
    made = distil_head(opened, features, data, tmp_path / "run", "taught", share)
    logits = _logits(made, train)
    predicted = (logits - (1 - share) * own) / max(share, 1e-9)
    info = json.loads((tmp_path / "run" / "run.json").read_text())
    made_of = info["distilled_head"]
    if share:
        rest = np.var(predicted - taught) / np.var(taught)
        assert rest == pytest.approx(1 - made_of["r2"], abs=0.02)
        assert np.mean(predicted) == pytest.approx(np.mean(taught), abs=1e-2)
    else:
        np.testing.assert_allclose(logits, own, atol=1e-3)
    assert made_of["share"] == share
    assert made_of["pictures"] == len(train)
    assert made_of["recipe"]["name"] == "both"
    assert info["ensemble"] == json.loads((ensemble.path / "run.json").read_text())["ensemble"]
    assert made.recipe.name == "taught"


def test_the_result_is_exported_and_is_still_an_ensemble(
    joined,
    trained,
    features: Path,
    tmp_path: Path,
) -> None:
    from export import export_run
    from fakeface.inference import Classifier
    from fakeface.model_directory import read_model
    from train.fitting._combine import load_runs
    from train.fitting._distil_head import distil_head
    from train.networks._warm_start import exported_head

    data = trained[1]
    (opened,) = load_runs([joined[1].path])
    made = distil_head(opened, features, data, tmp_path / "run", "taught", 0.5)
    folder = tmp_path / "model"
    export_run(made.path, folder, "taught", "1.0.0", data.root, allow_chance=True)
    assert read_model(folder).provenance["distilled_head"]["share"] == 0.5
    kernel = made.model.get_layer("logit").get_weights()[0]
    first, second = (exported_head(f"{folder}:{number}")[0] for number in (1, 2))
    np.testing.assert_allclose(np.concatenate([first, second]), kernel, atol=1e-6)
    size = made.recipe.crop.size
    crops = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    scores = Classifier(folder).predict(crops)
    np.testing.assert_allclose(scores, made.outputs(crops)["p_fake"], atol=1e-5)


def test_what_cannot_be_distilled(trained, features: Path, tmp_path: Path) -> None:
    from keras import layers

    from train.fitting._combine import load_runs
    from train.fitting._distil_head import distil_head

    runs, data, _ = trained
    (opened,) = load_runs([runs[0].path])
    out = tmp_path / "run"
    with pytest.raises(ValueError, match="share must be from 0 to 1, got 2"):
        distil_head(opened, features, data, out, "a", 2.0)
    with pytest.raises(RunError, match="is not what"):
        distil_head(opened, features, data.limited(5), out, "a", 0.5)
    with pytest.raises(DataError, match="python -m train teacher"):
        distil_head(opened, tmp_path / "none.npz", data, out, "a", 0.5)
    with pytest.raises(RunError, match="finished"):
        distil_head(opened, features, data, runs[1].path, "a", 0.5)
    image = layers.Input(opened.model.input.shape[1:])
    hidden = layers.Dense(4, "relu")(layers.GlobalAveragePooling2D()(image))
    opened.__dict__["model"] = _model(image, layers.Dense(1, name="logit")(hidden))
    with pytest.raises(RunError, match="not linear"):
        distil_head(opened, features, data, out, "a", 0.5)
    assert not out.exists()


def _model(image, logit):
    import keras

    return keras.Model(image, keras.layers.Activation("sigmoid")(logit))
