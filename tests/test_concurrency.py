from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from fakeface.concurrency import OrderedThreads, WeightedSemaphore, bounded_map
from tests.conftest import SAMPLES


def alive() -> int:
    return sum(thread.name.startswith("tested") for thread in threading.enumerate())


def test_results_come_in_order_and_items_are_pulled_as_needed() -> None:
    pulled = []
    full = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            pulled.append(number)
            if len(pulled) == 5:
                full.set()
            yield number

    def late(number: int) -> int:
        full.wait(60)  # or the first result could be there before its limit is
        time.sleep(0.01 * (number % 3 == 0))
        return -number

    results = bounded_map(late, items(), workers=3, limit=5, name="tested")
    assert not pulled
    assert next(results) == 0
    assert len(pulled) == 5
    assert list(results) == [-number for number in range(1, 100)]
    assert alive() == 0


def test_an_error_stands_where_its_result_would() -> None:
    results = bounded_map(lambda n: 6 // n, [3, 2, 0, 1], workers=2, limit=4, name="tested")
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert alive() == 0


def test_what_has_not_begun_is_dropped() -> None:
    begun = []
    gate = threading.Event()

    def wait(number: int) -> None:
        begun.append(number)
        gate.wait(5)

    threads = OrderedThreads(wait, 2, "tested")
    for number in range(50):
        threads.put(number)
    while len(begun) < 2:
        time.sleep(0.001)
    assert not threads.ready()
    threading.Timer(0.05, gate.set).start()
    threads.close()
    assert begun == [0, 1]
    assert len(threads) == 0
    threads.close()
    assert alive() == 0


def test_threads_serve_again_after_they_were_closed() -> None:
    threads = OrderedThreads(abs, 2, "tested")
    for value in (-1, -2):
        threads.put(value)
        threads.close()
    threads.put(-3)
    assert threads.take() == 3
    threads.close()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that signal here")
def test_a_thread_that_a_signal_kept_from_being_counted_ends_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Struck between the start of a thread and its entry in the list."""
    threads = OrderedThreads(lambda n: n, 2, "tested")
    threads.put(1)
    start = threading.Thread.start

    def struck(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", struck)
    with pytest.raises(KeyboardInterrupt):
        threads.put(2)
    threads.close()
    for _ in range(1000):
        if not alive():
            break
        time.sleep(0.001)
    assert alive() == 0


def test_signals_at_any_moment_leave_nothing_waiting() -> None:
    """`concurrent.futures` loses a lock, or releases one that it has not, once in some hundreds."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        for moment in range(300):
            results = bounded_map(abs, iter(range(10**9)), workers=2, limit=12, name="tested")
            while alive() < 2:  # the start of a thread, in Python's own code, can lose a lock too
                next(results)
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + moment * 1e-5)
                for _ in results:
                    pass
            results.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert alive() == 0


PROGRAMS = {
    "fails": ("next(left)\n1/0", 1, "ZeroDivisionError"),
    "fails in a function": (
        "def judge():\n    for _ in left:\n        raise KeyError(1)\njudge()", 1, "KeyError"
    ),
    "leaves": ("next(left)\nraise SystemExit(3)", 3, ""),
    "ends": ("next(left)", 0, ""),
}  # fmt: skip


@pytest.mark.parametrize("how", PROGRAMS)
def test_a_program_ends_with_its_own_exit_code(how: str) -> None:
    """Though a scan is open: threads are in the middle of decoding when the interpreter ends."""
    end, code, said = PROGRAMS[how]
    program = f"from fakeface import Detector\nleft = Detector().scan({[str(SAMPLES)] * 20})\n{end}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_that_was_forked_meanwhile_ends() -> None:
    """It has none of the threads, and must not wait for them."""
    program = """
import os, sys, time
from fakeface.concurrency import bounded_map
left = bounded_map(lambda item: time.sleep(0.02), range(1000), workers=2, limit=6)
next(left)
child = os.fork()
sys.exit(5 if not child else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=20, check=False)
    assert done.returncode == 5


def test_no_more_is_taken_at_once_than_there_is() -> None:
    budget = WeightedSemaphore(10)
    most = now = 0
    lock = threading.Lock()

    def work(amount: int) -> None:
        nonlocal most, now
        with budget.take(amount):
            with lock:
                now += min(amount, 10)
                most = max(most, now)
            time.sleep(0.005)
            with lock:
                now -= min(amount, 10)

    threads = [threading.Thread(target=work, args=(1 + i % 7,)) for i in range(24)]
    threads.append(threading.Thread(target=work, args=(99,)))  # more than there is: all of it
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert 5 < most <= 10


def test_a_collection_in_one_of_its_threads_may_close_a_map() -> None:
    queued, dropped, collected = threading.Event(), threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        yield from (0, 1)
        queued.set()
        yield 2

    def collect(number: int) -> None:
        (dropped if number else queued).wait(10)
        if number:
            gc.collect()
            collected.set()

    class Job:
        def __init__(self) -> None:
            self.results = bounded_map(collect, items(), workers=1, limit=3, name="tested")
            self.me = self

    job = Job()
    next(job.results)
    del job
    dropped.set()
    assert collected.wait(10)
    for _ in range(100):
        if not alive():
            break
        time.sleep(0.05)
    assert alive() == 0
