from pathlib import Path

import numpy as np
import pytest

from fakeface import Box, ModelError, ModelInfo, OperatingPoint, Thresholds, Verdict
from fakeface._verdict import aggregate, choose_thresholds, classify
from fakeface.faces._finder import Detection
from fakeface.preprocessing import Preprocessed

BAND = Thresholds(fake=0.8, real=0.4)


def info(*points: OperatingPoint) -> ModelInfo:
    return ModelInfo(
        name="m", version="1", kind="classifier", sha256="", crop=None, classes=None,
        thresholds=None, operating_points=points, settings={}, provenance={}, figures={},
        licence="", path=Path(),
    )  # fmt: skip


def preprocessed(*judged: bool) -> Preprocessed:
    faces = tuple(Detection(Box(i, 0, 50, 50), 0.9) for i in range(len(judged)))
    return Preprocessed("x.jpg", (100, 100), None, faces, judged, np.empty((0, 8, 8, 3), np.uint8))


@pytest.mark.parametrize(
    ("p_fake", "verdict"),
    [(0.0, "real"), (0.39, "real"), (0.4, "uncertain"), (0.79, "uncertain"), (0.8, "fake")],
)
def test_where_the_verdicts_part(p_fake, verdict):
    assert classify(p_fake, BAND).value == verdict


def test_a_picture_is_as_suspicious_as_its_most_suspicious_face():
    prediction = aggregate(preprocessed(True, False, True), [0.1, 0.9], BAND, "m")
    assert prediction.verdict is Verdict.FAKE
    assert prediction.p_fake == 0.9
    assert [f.verdict.value for f in prediction.faces] == ["real", "too_small", "fake"]
    assert [f.p_fake for f in prediction.faces] == [0.1, None, 0.9]


def test_without_a_face_to_judge_nothing_is_guessed():
    assert aggregate(preprocessed(), [], BAND, "m").verdict is Verdict.NO_FACE
    small = aggregate(preprocessed(False), [], BAND, "m")
    assert small.verdict is Verdict.TOO_SMALL
    assert small.p_fake is None


def test_a_threshold_of_ones_own_leaves_nothing_uncertain():
    thresholds = choose_thresholds(info(), BAND, 0.3, None)
    assert {classify(p, thresholds).value for p in np.linspace(0, 1, 50)} == {"real", "fake"}


def test_operating_points_go_by_their_false_positive_rate():
    model = info(OperatingPoint("fpr5", 0.3, 0.05, "val"), OperatingPoint("fpr1", 0.9, 0.01, "val"))
    assert choose_thresholds(model, BAND, None, 0.01) == Thresholds(0.9, 0.4)
    assert choose_thresholds(model, BAND, None, 0.05) == Thresholds(0.3, 0.3)
    assert choose_thresholds(model, BAND, None, None) == BAND
    with pytest.raises(ModelError, match=r"fpr 0\.02; it has: 0\.05, 0\.01"):
        choose_thresholds(model, BAND, None, 0.02)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="not both"):
        choose_thresholds(info(), BAND, 0.5, 0.05)
    with pytest.raises(ValueError, match="0 to 1"):
        choose_thresholds(info(), BAND, 1.5, None)
    with pytest.raises(ValueError, match="real <= fake"):
        Thresholds(fake=0.2, real=0.5)
