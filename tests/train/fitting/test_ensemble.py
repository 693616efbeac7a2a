from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from train.errors import RunError

pytestmark = pytest.mark.train


@pytest.fixture
def crops(joined):
    size = joined[1].recipe.crop.size
    return np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)


def _calibrated(p_fake):
    p_fake = np.asarray(p_fake, np.float64)
    return np.log(p_fake / (1 - p_fake))


def test_the_logit_is_the_mean_of_the_members_calibrated_logits(joined, crops) -> None:
    members, made, _ = joined
    of_members = [_calibrated(run.outputs(crops)["p_fake"]) for run in members]
    expected = 0.75 * of_members[0] + 0.25 * of_members[1]
    scores = _calibrated(made.outputs(crops)["p_fake"])
    calibration = made.calibration
    np.testing.assert_allclose(
        (scores - calibration.bias) * calibration.temperature, expected, atol=2e-3, rtol=1e-3
    )
    info = json.loads((made.path / "run.json").read_text())
    assert [member["weight"] for member in info["ensemble"]] == [0.75, 0.25]
    assert made.recipe.name == "both"


def test_its_map_adds_up_to_its_logit(joined, crops) -> None:
    _, made, _ = joined
    outputs = made.outputs(crops)
    logit = outputs["cam"].numpy().mean(axis=(1, 2)) + made.cam_bias
    np.testing.assert_allclose(logit, _calibrated(outputs["p_fake"]), atol=1e-3)


def test_it_becomes_an_onnx_model_of_the_same_scores(joined, crops) -> None:
    from fakeface.inference import Classifier
    from fakeface.model_directory import read_model

    _, made, folder = joined
    described = read_model(folder).provenance["ensemble"]
    assert [member["weight"] for member in described] == [0.75, 0.25]
    scores = Classifier(folder).predict(crops)
    np.testing.assert_allclose(scores, made.outputs(crops)["p_fake"], atol=1e-5)


def test_a_training_can_start_from_a_member(joined) -> None:
    from train.errors import WeightsError
    from train.networks._warm_start import convolutions, exported_head

    members, _, folder = joined
    for number, (run, weight) in enumerate(zip(members, (0.75, 0.25), strict=True), 1):
        kernel, bias = convolutions(f"{folder}:{number}")[0]
        stem = run.model.get_layer("stem").get_weights()
        np.testing.assert_allclose(kernel, stem[0], atol=1e-6)
        np.testing.assert_allclose(bias, stem[1], atol=1e-6)
        head = run.model.get_layer("logit").get_weights()[0]
        scaled = head * weight / run.calibration.temperature
        np.testing.assert_allclose(exported_head(f"{folder}:{number}")[0], scaled, atol=1e-6)
    for name in (str(folder), f"{folder}:3"):
        with pytest.raises(WeightsError, match="which network"):
            convolutions(name)


def test_what_cannot_be_joined(trained, tmp_path: Path) -> None:
    from train.fitting._combine import load_runs
    from train.fitting._ensemble import ensemble

    runs, data, recipe = trained
    opened = load_runs([run.path for run in runs])
    with pytest.raises(RunError, match="two runs"):
        ensemble(opened[:1], [1.0], data, tmp_path / "a", "a")
    with pytest.raises(RunError, match="is not what"):
        ensemble(opened, [1.0, 1.0], data.limited(5), tmp_path / "a", "a")
    opened[1].recipe = replace(recipe, crop=CropSpec(size=recipe.crop.size * 2))
    with pytest.raises(RunError, match="another crop"):
        ensemble(opened, [1.0, 1.0], data, tmp_path / "a", "a")
