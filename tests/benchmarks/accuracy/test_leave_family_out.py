from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy._leave_family_out import (
    Fold,
    leave_family_out,
    leave_family_out_markdown,
    make_folds,
    summarize,
    without,
)
from train.data import Cache, Data, Sample, load_data
from train.errors import DataError
from train.evaluate import Scores


def made(label: int, source: str, count: int, **recorded: object) -> list[Sample]:
    splits = ("train", "val", "test")
    return [
        Sample(f"{source}/{i}", Path(), label, source, splits[i % 3], f"{source}{i}", **recorded)
        for i in range(count)
    ]


def data() -> Data:
    samples = [
        *made(0, "gan", 30, family="stylegan", added=1),
        *made(0, "models", 12, family="flux", added=2),
        *made(0, "more", 9, family="flux", added=2),
        *made(0, "site", 6, family="lovable", added=2),
        *made(0, "plain", 6, added=2),
        *made(1, "ffhq", 30, added=1),
        *made(1, "staff", 12, added=2),
        *made(1, "web", 9, added=2),
        *made(1, "club", 9, added=2),
    ]
    return Data(Path(), tuple(sorted(samples, key=lambda s: s.name)))


def test_every_family_and_origin_is_in_one_fold() -> None:
    folds = make_folds(data().samples, 2)
    assert sorted(f for fold in folds for f in fold.families) == [
        "flux", "lovable", "plain", "stylegan",
    ]  # fmt: skip
    assert sorted(o for fold in folds for o in fold.origins) == ["club", "ffhq", "staff", "web"]


def test_what_was_there_before_is_always_trained_on() -> None:
    folds = make_folds(data().samples, 2, since=2)
    assert folds == [Fold(("flux",), ("staff",)), Fold(("lovable", "plain"), ("club", "web"))]
    with pytest.raises(DataError, match="3 families of AI pictures can be left out"):
        make_folds(data().samples, 4, since=2)


def test_a_fold_is_the_test_and_nothing_else() -> None:
    left = without(data(), Fold(("flux",), ("staff",)), 15)
    tested = left.split("test")
    assert {s.origin for s in tested} == {"models", "more", "staff"}
    assert len(tested) == 27
    others = left.split("train", "val")
    assert {s.origin for s in others} == {"gan", "site", "plain", "ffhq", "web", "club"}
    assert sum(s.origin == "gan" for s in others) == 20


def test_every_family_counts_the_same() -> None:
    """Of a large family half are ranked above the photographs, of a small one all."""
    photos = made(1, "web", 40)
    large, small = made(0, "a", 100, family="large"), made(0, "b", 10, family="small")
    logits = np.array([*np.linspace(1, 2, 40), *[0.0] * 50, *[3.0] * 50, *[0.0] * 10])
    samples = [*photos, *large, *small]
    families = {s.name: s.family or s.origin for s in samples}
    result = summarize([Scores.of(samples, logits)], families, 50, 0)
    assert list(result["families"]) == ["large", "small"]
    assert result["families"]["large"]["auc"][0] == pytest.approx(0.5)
    value, low, high = result["mean"]["auc"]
    assert value == pytest.approx(0.75)
    assert low < value < high


@pytest.mark.train
def test_folds_are_trained_once(faces: Path, tmp_path: Path) -> None:
    from tests.train.fitting.test_finetune import RECIPE

    spec = replace(RECIPE.finetune, steps=2, evaluation_interval=2)
    sampling = replace(spec.sampling, reconstructions=0.0)
    recipe = replace(RECIPE, finetune=replace(spec, sampling=sampling))
    cache = Cache(tmp_path / "cache")
    loaded = load_data(faces, cache)
    split = {s.name: ("train", "train", "val")[i % 3] for i, s in enumerate(loaded.samples)}
    samples = tuple(replace(s, split=split[s.name]) for s in loaded.samples)

    def run() -> dict:
        return leave_family_out(
            recipe, replace(loaded, samples=samples), cache, tmp_path / "runs", folds=2, count=20
        )

    def trained() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("model.keras")}

    result = run()
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"fold-1-of-2", "fold-2-of-2"}
    before = trained()
    again = run()
    assert trained() == before
    assert again["families"] == result["families"]
    json.dumps(result)
    assert "| mean |" in leave_family_out_markdown(result)
