from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fakeface import Detector, ImageError, Prediction, Verdict
from fakeface._bounded_map import Pending
from fakeface._pipeline import run, run_in_workers
from fakeface._preprocess import Preprocessed
from tests._models import make_classifier


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "red")


def colour(red: int, blue: int) -> npt.NDArray[np.uint8]:
    return np.full((64, 64, 3), (red, 0, blue), np.uint8)


def alive() -> int:
    return sum(thread.name.startswith("fakeface") for thread in threading.enumerate())


def preprocessed(name: str, faces: int = 1) -> Preprocessed:
    return Preprocessed(name, (8, 8), None, (), (), np.full((faces, 2, 2, 3), len(name), np.uint8))


def judge_all(sources: Iterable[Any], **options: Any) -> Generator[Prediction, None, None]:
    """The pipeline without pictures: a source is the name of a picture with one face."""
    settings: dict[str, Any] = {
        "preprocess": lambda source: preprocessed(source),
        "score": lambda crops: crops[:, 0, 0, 0].astype(np.float32),
        "aggregate": lambda p, scores: Prediction(p.name, "m", p_fake=sum(scores)),
        "fail": lambda error: Prediction(error.source, "m", error=error.reason),
        "batch_size": 4,
        "workers": 2,
    }
    return run(sources, **settings | options)


def test_scores_are_those_of_single_pictures_in_any_batch(red: Path, samples: Path) -> None:
    detector = Detector(red, threads=1)
    pictures: list[Any] = sorted(samples.glob("*/*.*"))
    pictures += [colour(10 * i, 255 - 10 * i) for i in range(20)]
    alone = [detector.predict(picture) for picture in pictures]
    assert any(p.verdict is Verdict.FAKE for p in alone)
    assert any(p.verdict is Verdict.NO_FACE for p in alone)
    for batch_size, workers in ((1, 1), (3, 2), (64, 4)):
        assert alone == list(
            detector.predict_batch(pictures, batch_size=batch_size, workers=workers)
        )


def test_results_come_in_order_however_long_each_takes() -> None:
    def preprocess(source: str) -> Preprocessed:
        time.sleep(0.02 if int(source) % 5 == 0 else 0)
        return preprocessed(source)

    names = [str(i) for i in range(60)]
    assert [p.source for p in judge_all(names, preprocess=preprocess, workers=4)] == names


def test_many_faces_in_a_picture_never_exceed_the_batch() -> None:
    sizes: list[int] = []

    def score(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        sizes.append(len(crops))
        return np.ones(len(crops), np.float32)

    faces = {"none": 0, "crowd": 11, "one": 1}
    found = list(
        judge_all(faces, preprocess=lambda s: preprocessed(s, faces[s]), score=score, batch_size=4)
    )
    assert [p.p_fake for p in found] == [0, 11, 1]
    assert max(sizes) == 4
    assert sum(sizes) == 12


def test_nothing_is_read_before_it_is_asked_for_and_little_ahead() -> None:
    pulled = 0

    def endless() -> Iterator[str]:
        nonlocal pulled
        while True:
            pulled += 1
            yield "x"

    found = judge_all(endless())
    assert pulled == 0
    assert alive() == 0
    next(found)
    assert pulled <= 2 * 2 + 4 + 4  # what the threads hold, and a batch
    found.close()
    assert alive() == 0


@pytest.mark.parametrize("faces", [0, 1])
def test_a_verdict_waits_for_no_source_that_is_still_to_come(faces: int) -> None:
    judged: list[str] = []

    def sources() -> Iterator[Any]:
        for name in ("a", "b"):
            yield name
            deadline = time.monotonic() + 5
            while name not in judged and time.monotonic() < deadline:
                time.sleep(0.001)
                yield Pending()
            assert name in judged

    for prediction in judge_all(
        sources(), preprocess=lambda s: preprocessed(s, faces), batch_size=64
    ):
        judged.append(prediction.source)
    assert judged == ["a", "b"]


def test_bad_pictures_are_records_and_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def preprocess(source: str) -> Preprocessed:
        if source == "broken":
            raise ImageError(source, "is broken")
        if source == "huge":
            raise MemoryError
        if source == "bug":
            raise KeyError("oh")
        return preprocessed(source)

    names: list[Any] = ["a", "broken", "huge", ImageError("folder", "locked"), "bug", "b"]
    found = {p.source: p.error for p in judge_all(names, preprocess=preprocess)}
    assert found == {
        "a": None,
        "broken": "is broken",
        "huge": "does not fit into memory",
        "folder": "locked",
        "bug": "internal error, please report it: KeyError('oh')",
        "b": None,
    }
    assert "internal error on 'bug'" in caplog.text  # with its traceback


def test_when_the_sources_fail_what_they_gave_is_judged_first() -> None:
    def sources() -> Iterator[str]:
        yield from ("a", "b", "c")
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        for prediction in judge_all(sources()):
            found.append(prediction.source)
    assert found == ["a", "b", "c"]


@pytest.mark.parametrize("where", ["score", "caller"])
def test_ctrl_c_and_errors_end_the_threads(where: str) -> None:
    def score(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        if where == "score":
            raise KeyboardInterrupt
        return np.zeros(len(crops), np.float32)

    with pytest.raises(KeyboardInterrupt):
        for _ in judge_all(map(str, range(1000)), score=score):
            raise KeyboardInterrupt
    assert alive() == 0


def test_a_folder_that_is_not_there_is_an_error_at_once(red: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Detector(red).scan([tmp_path, tmp_path / "nowhere"])


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"batch_size": 0}])
def test_numbers_out_of_range_are_refused_at_once(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        judge_all([], **wrong)


def test_draft_decoding_gives_the_verdict_of_full_decoding(red: Path, samples: Path) -> None:
    """A large JPEG is decoded reduced; the same pixels as PNG never are."""
    detector = Detector(red)
    for path in samples.glob("ai/*.jpg"):
        jpeg = detector.predict(path)
        with Image.open(path) as image:
            full = detector.predict(image.convert("RGB"))
        assert (jpeg.verdict, len(jpeg.faces)) == (full.verdict, len(full.faces))
        assert jpeg.p_fake == pytest.approx(full.p_fake, abs=0.01)


def test_with_one_thread_for_the_model_pictures_are_scored_side_by_side(
    red: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures: list[Any] = [*sorted(samples.glob("*/*.*")), b"nothing", colour(200, 0)] * 2
    detector, all_processors = Detector(red, "cpu", 1), Detector(red, "cpu", 2)
    assert detector.one_processor_a_run
    assert not all_processors.one_processor_a_run
    threads = set[str]()
    score = Detector.score

    def watched(self: Detector, crops: npt.NDArray[np.uint8]) -> Any:
        threads.add(threading.current_thread().name)
        return score(self, crops)

    monkeypatch.setattr(Detector, "score", watched)
    expected = list(all_processors.predict_batch(pictures, workers=3))
    assert threads == {threading.current_thread().name}
    threads.clear()
    assert list(detector.predict_batch(pictures, workers=3)) == expected
    assert threads
    assert all(name.startswith("fakeface") for name in threads)
    assert alive() == 0


def test_side_by_side_results_come_in_order_and_errors_end_the_threads() -> None:
    def judge(
        sources: Iterable[Any], score: Any, workers: int = 3
    ) -> Generator[Prediction, None, None]:
        return run_in_workers(
            sources,
            preprocess=preprocessed,
            score=score,
            aggregate=lambda p, scores: Prediction(p.name, "m", p_fake=sum(scores)),
            fail=lambda error: Prediction(error.source, "m", error=error.reason),
            workers=workers,
        )

    def slow(crops: npt.NDArray[np.uint8]) -> list[float]:
        time.sleep(0.002 * (crops[0, 0, 0, 0] % 3))
        return [1.0]

    def broken(crops: npt.NDArray[np.uint8]) -> list[float]:
        raise OSError("the device is gone")

    def sources() -> Iterator[str | Pending]:
        for number in range(30):
            yield "x" * number
            yield Pending()
        raise ValueError("no more")

    given: list[str] = []
    with pytest.raises(ValueError, match="no more"):
        given.extend(prediction.source for prediction in judge(sources(), slow))
    assert given == ["x" * number for number in range(30)]
    with pytest.raises(OSError, match="device"):
        list(judge(["a", "b"], broken))
    assert alive() == 0
    with pytest.raises(ValueError, match="workers"):
        judge([], slow, workers=0)
