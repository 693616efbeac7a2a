import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accuracy._leave_one_out import (
    FEW,
    leave_one_out,
    leave_one_out_markdown,
    sources,
    without,
)
from train.data import Cache, Data, Sample, load_data


def data(**counts):
    """Samples without files: `class_source=(train, val, test)`."""
    samples = []
    for name, splits in counts.items():
        label, source = name.split("_")
        for split, count in zip(("train", "val", "test", "unseen"), splits, strict=False):
            for number in range(count):
                path = f"{label}/{source}/{split}{number}"
                samples.append(Sample(path, Path(path), label == "Real", source, split, path))
    return Data(Path(), tuple(sorted(samples, key=lambda s: s.name)))


def test_a_source_left_out_is_neither_trained_nor_calibrated_on():
    every = data(AI_gan=(30, 5, 25), AI_other=(30, 5, 25), Real_photos=(30, 5, 25))
    left = without(every, 0, "gan")
    assert {s.split for s in left.samples if s.origin == "gan"} == {"test"}
    assert sum(s.origin == "gan" for s in left.samples) == 25
    assert [s for s in left.samples if s.origin != "gan"] == [
        s for s in every.samples if s.origin != "gan"
    ]


def test_a_source_with_few_test_pictures_is_measured_on_all_of_them():
    left = without(data(AI_gan=(30, 5, FEW - 1), Real_photos=(30, 5, 25)), 0, "gan")
    assert {s.split for s in left.samples if s.origin == "gan"} == {"test"}
    assert sum(s.origin == "gan" for s in left.samples) == 35 + FEW - 1


def test_what_a_tested_picture_was_made_from_is_not_trained_on():
    every = data(AI_recon=(10, 2, 4), Real_photos=(30, 5, 25))
    made = [s for s in every.samples if s.origin == "recon"]
    photos = iter([s.name for s in every.samples if s.split == "train" and s.label == 1])
    paired = {s.name: replace(s, pair=next(photos)) for s in made}
    left = without(
        replace(every, samples=tuple(paired.get(s.name, s) for s in every.samples)), 0, "recon"
    )
    names = {s.name for s in left.samples if s.split != "test"}
    assert len(names) == 30 + 5 - len(made)
    assert not names & {s.pair for s in paired.values()}


def test_a_name_in_both_classes_is_two_sources():
    every = data(AI_web=(30, 5, 25), Real_web=(30, 5, 25), Real_new=(0, 0, 0, 9))
    assert sources(every) == [(0, "web"), (1, "web")]
    assert any(s.origin == "web" and s.split == "train" for s in without(every, 0, "web").samples)


@pytest.mark.train
def test_leaving_sources_out_end_to_end(faces, tmp_path):
    from train.recipes import load_recipe

    settings = "backbone.name=efficientnet-lite0 backbone.weights=none crop.size=64 fit.epochs=2"
    recipe = load_recipe("report-avgpool", [*settings.split(), "faces=whole"])
    cache = Cache(tmp_path / "cache")
    loaded = load_data(faces, cache)
    tests = [s for s in loaded.samples if s.split == "test"]
    some = [replace(s, split="val") if s in tests[::2] else s for s in loaded.samples]
    loaded = replace(loaded, samples=tuple(s for s in some if s.split != "unseen"))
    result = leave_one_out(
        recipe, loaded, cache, tmp_path / "runs", wanted=["stylegan", "ffhq"], count=20
    )
    assert set(result["sources"]) == {"AI/stylegan", "Real/ffhq"}
    assert result["sources"]["Real/ffhq"]["n"] == 10  # of all splits but unseen
    assert 0 <= result["sources"]["AI/stylegan"]["left_out"]["auc"][0] <= 1
    assert result["means"] == {"AI": None, "Real": None}  # too few pictures for a mean
    json.dumps(result, allow_nan=False)
    assert "| AI/stylegan | 10 |" in leave_one_out_markdown(result)

    def written() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("model.keras")}

    before = written()
    assert len(before) == 3  # without either, and with both
    again = leave_one_out(
        recipe, loaded, cache, tmp_path / "runs", wanted=["stylegan", "ffhq"], count=20
    )
    assert again["sources"] == result["sources"]
    assert written() == before  # nothing was trained again

    alone = loaded.only(["stylegan", "ffhq"])
    recorded = []
    result = leave_one_out(
        recipe, alone, cache, tmp_path / "alone", wanted=["ffhq"], count=20, report=recorded.append
    )
    assert result["sources"] == {}
    assert "no Real picture in split 'train'" in result["skipped"]["Real/ffhq"]
    assert "Real/ffhq cannot be left out" in leave_one_out_markdown(result)
    assert any("Real/ffhq cannot be left out" in line for line in recorded)
    with pytest.raises(ValueError, match="no source nobody"):
        leave_one_out(recipe, loaded, cache, tmp_path / "runs", wanted=["nobody"])
