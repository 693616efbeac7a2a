from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fakeface._batcher import Batcher, in_batches

Crops = npt.NDArray[np.uint8]


def crops(*values: int) -> Crops:
    return np.array(values, np.uint8).reshape(-1, 1, 1, 1)


class Model:
    """Gives back what it is given, and waits for `go` before it does."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.error: BaseException | None = None

    def run(self, given: Crops) -> tuple[Any, Any]:
        self.sizes.append(len(given))
        self.begun.set()
        self.go.wait(10)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return given[:, 0, 0, 0].astype(np.float32), given[:, :, :, 0].astype(np.float32)


def offered(model: Model, batcher: Batcher, size: int, others: list[Crops]) -> list[Any]:
    """Offer one crop, and the others while the model runs on it."""
    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(batcher.run, model.run, crops(0), size)]
        assert model.begun.wait(10)
        jobs += [pool.submit(batcher.run, model.run, each, size) for each in others]
        while len(batcher._offers) < len(others):
            pass
        model.go.set()
        return [job.exception() or job.result()[0].tolist() for job in jobs]


def test_no_more_than_a_batch_is_run_at_once() -> None:
    model = Model()
    model.go.set()
    p_fake, maps = in_batches(model.run, crops(*range(10)), 4)
    assert model.sizes == [4, 4, 2]
    assert p_fake.tolist() == list(range(10))
    assert maps.shape == (10, 1, 1)


def test_what_gathers_during_a_run_goes_together() -> None:
    model = Model()
    found = offered(model, Batcher(), 8, [crops(i, i + 100) for i in range(1, 7)])
    assert found == [[0], *([i, i + 100] for i in range(1, 7))]
    assert model.sizes == [1, 8, 4]


def test_one_at_a_time_where_batches_do_not_pay() -> None:
    model = Model()
    assert offered(model, Batcher(), 1, [crops(1), crops(2, 3)]) == [[0], [1], [2, 3]]
    assert model.sizes == [1] * 4


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt()])
def test_the_failure_of_one_leaves_the_others(error: BaseException) -> None:
    model, batcher = Model(), Batcher()
    model.error = error
    found = offered(model, batcher, 8, [crops(1), crops(2)])
    assert found == [error, [1], [2]]
    assert not batcher._offers


def test_runs_of_another_kind_go_by_themselves() -> None:
    model, other, batcher = Model(), Model(), Batcher()
    other.go.set()
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(batcher.run, model.run, crops(0), 8)]
        assert model.begun.wait(10)
        jobs += [pool.submit(batcher.run, m.run, crops(1), 8) for m in (model, other)]
        while len(batcher._offers) < 2:
            pass
        model.go.set()
        assert [job.result()[0].tolist() for job in jobs] == [[0], [1], [1]]
    assert (model.sizes, other.sizes) == ([1, 1], [1])


def test_a_forked_process_begins_anew() -> None:
    batcher, model = Batcher(), Model()
    model.go.set()
    with batcher._turn:
        batcher._offers.append(object())  # type: ignore[arg-type]
        batcher.after_fork()
        assert batcher.run(model.run, crops(7), 4)[0].tolist() == [7]
