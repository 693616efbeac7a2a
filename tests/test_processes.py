"""Detectors and processes: forked, spawned, pickled."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fakeface import Detector, FaceFinder, ModelError
from fakeface._model import FACE_FINDER, MODELS
from fakeface.concurrency import WeightedSemaphore
from tests._models import make_classifier
from tests.conftest import SAMPLES

PORTRAIT = str(SAMPLES / "real" / "astronaut.png")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

FORKED = """
import os, sys, threading
from fakeface import Detector
detector = Detector(threads=int(sys.argv[2]))
expected = detector.predict(sys.argv[1])
if sys.argv[3] == "open":
    scan = detector.predict_batch([sys.argv[1]] * 50, workers=2)
    next(scan)
child = os.fork()
if child == 0:
    if sys.argv[4] == "use":
        assert detector.predict(sys.argv[1]) == expected
        assert list(detector.predict_batch([sys.argv[1]] * 3, workers=2)) == [expected] * 3
    sys.exit(7)  # by way of the interpreter's own end
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7, status
assert detector.predict(sys.argv[1]) == expected
"""


@needs_fork
@pytest.mark.parametrize("use", ["use", "leave"])
@pytest.mark.parametrize("scan", ["open", "closed"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_forked_process_judges_and_ends(threads: int, scan: str, use: str) -> None:
    words = [sys.executable, "-W", "ignore", "-c", FORKED, PORTRAIT, str(threads), scan, use]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_detector_goes_to_the_processes_of_a_pool(method: str) -> None:
    if method == "fork":
        pytest.skip("tested above: here threads of other tests run")
    detector = Detector(threads=2)
    expected = detector.predict(PORTRAIT)
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply(detector.predict, (PORTRAIT,))
    assert found == expected


def test_a_pickled_detector_has_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_classifier(tmp_path / "red")
    monkeypatch.chdir(tmp_path)
    for detector in (
        Detector("red", "cpu", 2, 0.4, min_face=60, frames=3, explain=True),
        Detector(model, "cpu", whole=True),
        Detector(),
    ):
        monkeypatch.chdir(tmp_path)
        data = pickle.dumps(detector)
        monkeypatch.chdir("/")  # a model that was named from another folder
        for other in (pickle.loads(data), copy.deepcopy(detector)):
            assert other.settings == detector.settings
            assert other.heatmaps == detector.heatmaps
            assert other.predict(PORTRAIT) == detector.predict(PORTRAIT)


def test_parts_of_a_detector_are_pickled_too() -> None:
    detector = Detector(threads=1)
    for part in (detector.classifier, FaceFinder(MODELS / FACE_FINDER)):
        assert type(pickle.loads(pickle.dumps(part))) is type(part)


def test_session_options_cannot_be_pickled_and_it_says_so() -> None:
    import onnxruntime as ort

    with pytest.raises(TypeError, match="SessionOptions"):
        pickle.dumps(Detector(session_options=ort.SessionOptions()))


@needs_fork
def test_a_model_that_changed_after_the_fork_is_refused(tmp_path: Path) -> None:
    detector = Detector(make_classifier(tmp_path / "red"), "cpu", whole=True)
    make_classifier(tmp_path / "other" / "red", gain=3)
    for name in ("model.json", "model.onnx"):
        (tmp_path / "other" / "red" / name).replace(tmp_path / "red" / name)
    detector.classifier._session.after_fork()  # what a fork does, here
    with pytest.raises(ModelError, match="has changed since this process was forked"):
        detector.predict(PORTRAIT)


def test_locks_that_other_threads_held_are_replaced() -> None:
    budget, taken, done = WeightedSemaphore(10), threading.Event(), threading.Event()

    def hold() -> None:
        with budget.take(10):
            taken.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(60)
    budget.after_fork()
    with budget.take(10):
        pass
    done.set()
    thread.join()
