from __future__ import annotations

from pathlib import Path

from fakeface import Detector
from fakeface.types import ReadPrediction
from tests._models import make_classifier


def test_the_steps_of_predict_give_its_result(tmp_path: Path, samples: Path) -> None:
    detector = Detector(make_classifier(tmp_path / "red"))
    for picture in sorted(samples.glob("*/*.jpg"))[:4]:
        preprocessed = detector.preprocess(picture)
        scores = detector.score(preprocessed.crops) if len(preprocessed.crops) else ()
        assert detector.aggregate(preprocessed, scores) == detector.predict(picture)


def test_a_picture_without_a_face_is_not_scored(tmp_path: Path, samples: Path) -> None:
    detector = Detector(make_classifier(tmp_path / "red"))
    preprocessed = detector.preprocess(samples / "other" / "cat.png")
    assert len(preprocessed.crops) == 0
    prediction = detector.aggregate(preprocessed, ())
    assert isinstance(prediction, ReadPrediction)
    assert (prediction.verdict, prediction.p_fake) == ("no_face", None)
