from __future__ import annotations

import io
import math
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from fakeface import Detector, FakefaceError, NotFoundError


@pytest.fixture(scope="module")
def detector(red: str) -> Detector:
    return Detector(red)


def test_one_pattern_may_stand_alone(detector: Detector, samples: Path) -> None:
    def names(**patterns: Any) -> set[str]:
        return {Path(prediction.source).name for prediction in detector.scan(samples, **patterns)}

    assert names(glob="*.png") == names(glob=["*.png"]) == {"astronaut.png", "cat.png"}
    assert names(exclude="*.png") == names() - {"astronaut.png", "cat.png"}


@pytest.mark.parametrize(
    "picture", ["a.jpg", Path("a.jpg"), b"GIF89a", bytearray(b"GIF89a"), io.BytesIO(b"GIF89a")]
)
def test_a_picture_is_no_list_of_pictures(detector: Detector, picture: Any) -> None:
    with pytest.raises(TypeError, match=r"write predict\(picture\)"):
        detector.predict_batch(picture)


def test_folders_are_no_bytes(detector: Detector, tmp_path: Path) -> None:
    folder: Any = os.fsencode(tmp_path)
    for folders in (folder, [tmp_path, folder]):
        with pytest.raises(TypeError, match=r"write os\.fsdecode"):
            detector.scan(folders)


@pytest.mark.parametrize("min_face", [-1, math.nan])
def test_the_smallest_face_has_a_size(detector: Detector, min_face: float) -> None:
    with pytest.raises(ValueError, match="min_face must be 0 or above"):
        Detector(detector.info.path, min_face=min_face)


def test_a_misspelt_setting_is_an_error() -> None:
    with pytest.raises(TypeError, match="modle"):
        Detector(modle="edge")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_face": -1}, "min_face must be 0 or above"),
        ({"threads": 0}, "threads must be 1 to 256"),
        ({"threshold": math.nan}, "threshold must be 0 to 1"),
        ({"threshold": 0.5, "fpr": 0.01}, "threshold or fpr, not both"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Detector(**settings)


def test_a_detector_shows_what_it_decides_by(detector: Detector) -> None:
    shown = repr(detector)
    assert detector.model in shown
    assert "on cpu" in shown
    assert detector.settings in shown


@pytest.mark.parametrize("folder", ["/nope", ["/nope"]])
def test_a_folder_that_does_not_exist_is_an_error_of_fakeface(
    detector: Detector, folder: Any
) -> None:
    with pytest.raises(FakefaceError, match="/nope") as caught:
        detector.scan(folder)
    assert isinstance(caught.value, FileNotFoundError)
    assert caught.value.filename == "/nope"
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), NotFoundError)
