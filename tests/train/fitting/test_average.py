from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from train.errors import RunError
from train.fitting._run import load_run

pytestmark = pytest.mark.train


def test_weights_are_averaged_and_the_rest_is_fitted_anew(trained, tmp_path: Path) -> None:
    from train.fitting._average import average

    runs, data, _ = trained
    opened = [load_run(run.path) for run in runs]
    parts = [run.model.get_weights() for run in [load_run(run.path) for run in runs]]
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
    from train.networks._warm_start import read_exported

    runs, data, recipe = trained
    opened = load_run(runs[0].path)
    names = ("stem", "logit")
    before = [opened.model.get_layer(name).get_weights() for name in names]
    made = average([opened], [1.0], data, tmp_path / "m", "m", interpolation_weight=0.5)
    start = read_exported(recipe.finetune.initial_checkpoint)
    for name, own, theirs in zip(names, before, (start.convolutions[0], start.head), strict=True):
        for now, was, at_start in zip(
            made.model.get_layer(name).get_weights(), own, theirs, strict=True
        ):
            np.testing.assert_allclose(now, (was + at_start) / 2, atol=1e-5)


def test_runs_are_not_overwritten_and_not_judged_on_other_pictures(trained, tmp_path: Path) -> None:
    from train.fitting._average import average

    runs, data, _ = trained
    opened = [load_run(run.path) for run in runs]
    before = (runs[0].path / "model.keras").read_bytes()
    with pytest.raises(RunError, match="holds a finished run"):
        average(opened, [1.0, 1.0], data, runs[0].path, "mean")
    assert (runs[0].path / "model.keras").read_bytes() == before
    with pytest.raises(RunError, match=r"is not what .* was trained on"):
        average(opened, [1.0, 1.0], data.limited(2), tmp_path / "mean", "mean")
    assert not (tmp_path / "mean").exists()


def test_what_does_not_fit_together_is_refused(trained, tmp_path: Path) -> None:
    from train.fitting._average import average

    runs, data, recipe = trained
    one, other = [load_run(run.path) for run in runs]
    other.recipe = replace(recipe, crop=CropSpec(size=96))
    with pytest.raises(RunError, match="another crop"):
        average([one, other], [1.0, 1.0], data, tmp_path / "no", "no")
    one.recipe = replace(recipe, finetune=replace(recipe.finetune, initial_checkpoint=""))
    with pytest.raises(RunError, match="have no common finetune"):
        average([one], [1.0], data, tmp_path / "no", "no", interpolation_weight=0.5)
