from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakeface import Box, Detector, ModelError
from fakeface._model import MODELS, bundled_models
from fakeface.diagnostics._golden import (
    GOLDEN,
    PICTURES,
    TOLERANCES,
    Comparison,
    Golden,
    compare,
    predict_pictures,
)
from fakeface.types import Face, Prediction, Verdict
from tests.conftest import SAMPLES
from tests.golden import GOLDENS

REMEDY = "`python -m tests.golden` makes golden scores anew"
CASES = [
    pytest.param(name, file, folder, id=f"{name}-{folder.name}")
    for name in bundled_models()
    for file, folder in (
        (MODELS / name / GOLDEN, PICTURES),
        (GOLDENS / f"{name}.json", SAMPLES),
    )
]


@pytest.fixture(scope="module")
def detectors() -> dict[str, Detector]:
    return {
        name: Detector(name, provider="cpu", threads=1, explain=False) for name in bundled_models()
    }


@pytest.mark.parametrize(("name", "file", "folder"), CASES)
def test_bundled_models_say_what_they_said(name, file, folder, detectors):
    golden = Golden.read(file, name)
    detector = detectors[name]
    predictions = predict_pictures(detector, folder, [p.source for p in golden.predictions])
    comparison = compare(golden, predictions, "cpu", detector.settings)
    assert not comparison.wrong, REMEDY
    for wanted, given in zip(golden.predictions, predictions, strict=True):
        near = wanted.p_fake is not None and any(
            abs(wanted.p_fake - threshold) <= golden.tolerance.cpu
            for threshold in (detector.thresholds.fake, detector.thresholds.real)
        )
        assert near or given.verdict == wanted.verdict
        assert given.size == wanted.size


@pytest.mark.parametrize(("name", "file", "folder"), CASES)
def test_no_picture_is_left_out(name, file, folder):
    golden = {p.source for p in Golden.read(file, name).predictions}
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in (".jpg", ".png")
    }
    assert golden == there, REMEDY


def test_there_is_a_file_for_every_model_and_no_other():
    assert {file.stem for file in GOLDENS.glob("*.json")} == set(bundled_models()), REMEDY


def picture(p_fake: float | None = 0.5, x: float = 10.0, digest: str = "d") -> Prediction:
    verdict = Verdict.TOO_SMALL if p_fake is None else Verdict.UNCERTAIN
    face = Face(Box(x, 20, 80, 100), 0.9, p_fake, verdict)
    return Prediction("a.jpg", "m", verdict, p_fake, (face,), (200, 200), None, digest, "s")


def golden(*predictions: Prediction) -> Golden:
    return Golden("fp32", TOLERANCES["fp32"], predictions, {})


@pytest.mark.parametrize(
    ("given", "provider", "wrong"),
    [
        (picture(), "cpu", None),
        (picture(0.52), "cpu", None),
        (picture(0.54), "cpu", "a.jpg, face 1: p_fake 0.5400, not 0.5000"),
        (picture(0.54), "coreml", None),
        (picture(float("nan")), "cpu", "p_fake nan"),
        (picture(None), "cpu", "p_fake None, not 0.5"),
        (picture(x=11), "cpu", None),
        (picture(x=13), "cpu", "face 1: its box differs by 3.0%"),
        (picture(digest="e"), "cpu", "is not the picture that was scored"),
        (replace(picture(), faces=()), "cpu", "0 faces, not 1"),
    ],
)
def test_what_is_beyond_the_tolerance_is_named(given, provider, wrong):
    found = compare(golden(picture()), [given], provider, "s").wrong
    assert (found == ()) if wrong is None else (len(found) == 1 and wrong in found[0])


def test_differences_are_the_largest():
    given = [picture(0.51), picture(0.48, x=10.5)]
    comparison = compare(golden(picture(), picture()), given, "cpu", "s")
    assert comparison == Comparison(2, pytest.approx(0.02), pytest.approx(0.005), ())


def test_scores_of_another_version_are_stale():
    assert "another version" in compare(golden(picture()), [picture()], "cpu", "t").wrong[0]
    assert compare(golden(picture()), [picture()], "cpu", None).wrong == ()


def test_what_is_written_is_what_is_read(tmp_path):
    file = tmp_path / GOLDEN
    wanted = golden(picture(0.123456789))
    wanted.write(file)
    assert Golden.read(file, "m") == wanted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 99}, "not of format 1"),
        ({"precision": "fp4"}, "unknown precision"),
        ({"tolerance": {"cpu": 1}}, "tolerance|missing"),
        ({"predictions": [{}]}, "verdict"),
    ],
)
def test_a_broken_file_is_one_error(tmp_path, change, reason):
    file = tmp_path / GOLDEN
    golden(picture()).write(file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelError, match=reason):
        Golden.read(file, "m")
    file.write_bytes(b"\xff{")
    with pytest.raises(ModelError, match=r"golden\.json"):
        Golden.read(file, "m")
    file.unlink()
    with pytest.raises(ModelError, match=r"has no golden\.json"):
        Golden.read(file, "m")
