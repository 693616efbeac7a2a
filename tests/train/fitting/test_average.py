from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from tests.conftest import SAMPLES
from tests.train.conftest import SIZE
from train.errors import RunError

pytestmark = pytest.mark.train


def test_weights_are_averaged_and_the_rest_is_fitted_anew(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs

    runs, data, _ = trained
    opened = load_runs([run.path for run in runs])
    parts = [run.model.get_weights() for run in load_runs([run.path for run in runs])]
    made = average(opened, [3.0, 1.0], data, tmp_path / "mean", "mean")
    for one, other, mean in zip(*parts, made.model.get_weights(), strict=True):
        np.testing.assert_allclose(mean, 0.75 * one + 0.25 * other, atol=1e-6)
    info = json.loads((tmp_path / "mean" / "run.json").read_text())
    assert made.recipe.name == "mean"
    assert [run["weight"] for run in info["averaged"]["runs"]] == [0.75, 0.25]
    assert {"val", "test"} <= set(info["metrics"])
    assert made.calibration.fitted_on


def test_the_start_may_have_a_share(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs
    from train.networks._warm_start import convolutions

    runs, data, recipe = trained
    before = load_runs([runs[0].path])[0].model.get_layer("stem").get_weights()
    made = average(
        load_runs([runs[0].path]), [1.0], data, tmp_path / "m", "m", interpolation_weight=0.5
    )
    start = convolutions(recipe.finetune.initial_checkpoint)[0]
    for now, was, at_start in zip(
        made.model.get_layer("stem").get_weights(), before, start, strict=True
    ):
        np.testing.assert_allclose(now, (was + at_start) / 2, atol=1e-5)


def test_one_run_becomes_an_average_of_views(trained, tmp_path: Path) -> None:
    import keras

    from train.fitting._average import average
    from train.fitting._combine import load_runs
    from train.networks._tta import TRANSFORMS

    runs, data, _ = trained
    one = load_runs([runs[0].path])[0]
    views = ("plain", "mirrored-soft")
    made = average([one], [1.0], data, tmp_path / "views", "views", transforms=views)
    assert made.recipe.finetune.test_time_augmentation == views
    images = np.random.default_rng(0).integers(0, 255, (3, SIZE, SIZE, 3)).astype(np.uint8)
    network = keras.Model(one.model.input, one.model.get_layer("logit").output)
    looks = [network(TRANSFORMS[view](images.astype(np.float32)))[:, 0].numpy() for view in views]
    outputs = made.outputs(images)
    wanted = made.calibration.p_fake(np.mean(looks, axis=0))
    np.testing.assert_allclose(outputs["p_fake"], wanted, atol=1e-5)
    means = np.asarray(outputs["cam"]).mean(axis=(1, 2)) + made.cam_bias
    np.testing.assert_allclose(1 / (1 + np.exp(-means)), wanted, atol=1e-5)


def test_an_export_of_views_can_be_started_from(trained, tmp_path: Path) -> None:
    from export import export_run
    from fakeface.inference import Classifier
    from train.fitting._average import average
    from train.fitting._combine import load_runs
    from train.networks._warm_start import convolutions

    runs, data, recipe = trained
    views = ("soft", "mirrored")
    made = average(
        load_runs([runs[0].path]),
        [1.0],
        data,
        tmp_path / "run",
        "views",
        transforms=views,
    )
    info, _ = export_run(
        made.path, tmp_path / "model", "views", "1.0.0", SAMPLES, allow_chance=True
    )
    assert info.provenance["recipe"]["finetune"]["test_time_augmentation"] == views
    images = np.random.default_rng(0).integers(0, 255, (3, SIZE, SIZE, 3)).astype(np.uint8)
    p_fake, cam = Classifier(tmp_path / "model").explain(images)
    outputs = made.outputs(images)
    np.testing.assert_allclose(p_fake, outputs["p_fake"], atol=1e-5)
    np.testing.assert_allclose(cam - made.cam_bias, outputs["cam"], atol=1e-3)
    kernels = convolutions(str(tmp_path / "model"))
    before = convolutions(recipe.finetune.initial_checkpoint)
    assert [kernel.shape for kernel, _ in kernels] == [k.shape for k, _ in before][: len(kernels)]


def test_runs_are_not_overwritten_and_not_judged_on_other_pictures(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs

    runs, data, _ = trained
    opened = load_runs([run.path for run in runs])
    before = (runs[0].path / "model.keras").read_bytes()
    with pytest.raises(RunError, match="holds a finished run"):
        average(opened, [1.0, 1.0], data, runs[0].path, "mean")
    assert (runs[0].path / "model.keras").read_bytes() == before
    with pytest.raises(RunError, match=r"is not what .* was trained on"):
        average(opened, [1.0, 1.0], data.limited(2), tmp_path / "mean", "mean")
    assert not (tmp_path / "mean").exists()


def test_views_that_there_are_not_are_refused(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs

    runs, data, _ = trained
    with pytest.raises(RunError, match="mirrored-soft"):
        average(
            load_runs([runs[0].path]),
            [1.0],
            data,
            tmp_path / "no",
            "no",
            transforms=["upside-down"],
        )


def test_generations_of_one_line_may_be_averaged(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs

    runs, data, recipe = trained
    one, other = load_runs([run.path for run in runs])
    other.recipe = replace(
        recipe, finetune=replace(recipe.finetune, initial_checkpoint="elsewhere")
    )
    with pytest.raises(RunError, match="another initial checkpoint"):
        average([one, other], [1.0, 1.0], data, tmp_path / "no", "no")
    before = [run.model.get_layer("stem").get_weights()[0] for run in (one, other)]
    made = average([one, other], [3.0, 1.0], data, tmp_path / "m", "m", allow_descendants=True)
    np.testing.assert_allclose(
        made.model.get_layer("stem").get_weights()[0],
        0.75 * before[0] + 0.25 * before[1],
        atol=1e-6,
    )
    with pytest.raises(RunError, match="have no common finetune"):
        average([one, other], [1, 1], data, tmp_path / "no", "no", 0.5, allow_descendants=True)


def test_what_does_not_fit_together_is_refused(trained, tmp_path: Path) -> None:
    from train.fitting._average import average
    from train.fitting._combine import load_runs

    runs, data, recipe = trained
    one, other = load_runs([run.path for run in runs])
    other.recipe = replace(recipe, crop=CropSpec(size=96))
    with pytest.raises(RunError, match="another crop"):
        average([one, other], [1.0, 1.0], data, tmp_path / "no", "no")
    one.recipe = replace(recipe, finetune=replace(recipe.finetune, initial_checkpoint=""))
    with pytest.raises(RunError, match="have no common finetune"):
        average([one], [1.0], data, tmp_path / "no", "no", interpolation_weight=0.5)
