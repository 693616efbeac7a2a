from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fakeface import Detector, ImageError, ModelError, Verdict
from fakeface._detector import preprocess_frames


@pytest.fixture(params=[1, 2], ids=["side-by-side", "one-at-a-time"])
def detector(red: str, request: pytest.FixtureRequest) -> Detector:
    detector = Detector(red, "cpu", request.param, whole=True)
    assert detector.classifier.side_by_side == (request.param == 1)
    return detector


def colour(red: int, blue: int) -> npt.NDArray[np.uint8]:
    return np.full((64, 64, 3), (red, 0, blue), np.uint8)


def alive() -> int:
    return sum(thread.name.startswith("fakeface") for thread in threading.enumerate())


@pytest.mark.parametrize("threads", [1, 2])
def test_scores_are_those_of_single_pictures_in_any_batch(
    red: str, samples: Path, threads: int
) -> None:
    detector = Detector(red, threads=threads)
    pictures: list[Any] = sorted(samples.glob("*/*.*"))
    pictures += [colour(10 * i, 255 - 10 * i) for i in range(20)]
    alone = [detector.predict(picture) for picture in pictures]
    assert any(p.verdict is Verdict.FAKE for p in alone)
    assert any(p.verdict is Verdict.NO_FACE for p in alone)
    assert [detector.judge(picture) for picture in pictures] == alone
    for batch_size, workers in ((None, None), (1, 1), (3, 2), (64, 4)):
        assert alone == list(
            detector.predict_batch(pictures, batch_size=batch_size, workers=workers)
        )
    assert alive() == 0


def test_nothing_is_read_before_it_is_asked_for_and_little_ahead(detector: Detector) -> None:
    pulled = 0

    def endless() -> Iterator[Any]:
        nonlocal pulled
        while True:
            pulled += 1
            yield colour(9, 9)

    found = detector.predict_batch(endless(), workers=2)
    assert pulled == 0
    assert alive() == 0
    next(found)
    assert pulled <= 2 * 2 + 1
    found.close()
    assert alive() == 0


def test_bad_pictures_are_records_and_stop_nothing(
    detector: Detector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {
        "broken": ImageError("broken", "is broken"),
        "huge": MemoryError(),
        "failed": ModelError("blazeface", "failed: no\nmemory"),
        "bug": KeyError("oh"),
    }

    def broken(source: Any, *rest: Any) -> Any:
        if isinstance(source, str):
            raise errors[source]
        return preprocess_frames(source, *rest)

    monkeypatch.setattr("fakeface._detector.preprocess_frames", broken)
    names: list[Any] = [colour(9, 9), *errors, ImageError("folder", "locked"), colour(9, 9)]
    found = list(detector.predict_batch(names))
    assert [(p.source, p.error) for p in found] == [
        ("<array>", None),
        ("broken", "is broken"),
        ("huge", "does not fit into memory"),
        ("failed", "model blazeface: failed: no memory"),
        ("bug", "internal error, please report it: KeyError('oh')"),
        ("folder", "locked"),
        ("<array>", None),
    ]
    assert {p.settings for p in found} == {detector.settings}
    assert "internal error on 'bug'" in caplog.text  # with its traceback


def test_a_model_that_fails_fails_one_picture(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ModelError("red", "the device is gone")

    monkeypatch.setattr(type(detector.classifier), "predict", broken)
    (one,) = detector.predict_batch([colour(9, 9)])
    assert one.error == "model red: the device is gone"
    with pytest.raises(ModelError, match="device"):
        detector.predict(colour(9, 9))
    assert alive() == 0


def test_when_the_sources_fail_what_they_gave_is_judged_first(detector: Detector) -> None:
    def sources() -> Iterator[Any]:
        yield from [colour(i, 9) for i in range(3)]
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        for prediction in detector.predict_batch(sources()):
            found.append(prediction)
    assert len(found) == 3
    assert alive() == 0


def test_ctrl_c_ends_the_threads(detector: Detector) -> None:
    with pytest.raises(KeyboardInterrupt):
        for _ in detector.predict_batch(colour(9, 9) for _ in range(1000)):
            raise KeyboardInterrupt
    assert alive() == 0


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"batch_size": 0}])
def test_numbers_out_of_range_are_refused_at_once(detector: Detector, wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        detector.predict_batch([], **wrong)
