"""Classify many pictures: threads decode, the model runs in batches or in the same threads.

The caller's thread pulls the sources and hands a limited number of pictures to worker threads. With
`run` it scores full batches while the threads go on decoding; a run of the model then has all
processors. With `run_in_workers` each thread scores its own pictures, and a run has one processor:
many runs at once leave no processor waiting for another, as happens within a run where there are
many. Decoding, resizing and ONNX Runtime release the interpreter lock, so threads suffice and no
pixels are copied between processes. Memory use does not depend on the number of pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from fakeface._bounded_map import Pending, bounded_map_pending
from fakeface._errors import FakefaceError, ImageError
from fakeface._options import MAX_THREADS
from fakeface._preprocess import Preprocessed
from fakeface._processors import default_threads
from fakeface.images._decode import name_of
from fakeface.types import Prediction, Source

_log = logging.getLogger("fakeface")

Preprocessor = Callable[[Source], Preprocessed]
Score = TypeVar("Score")
"""What the model returns for one face; the pipeline only passes it on."""
Scorer = Callable[[npt.NDArray[np.uint8]], Iterable[Score]]
Aggregator = Callable[[Preprocessed, Sequence[Score]], Prediction]
Fail = Callable[[ImageError], Prediction]


def run(
    sources: Iterable[Source],
    *,
    preprocess: Preprocessor,
    score: Scorer[Score],
    aggregate: Aggregator[Score],
    fail: Fail,
    batch_size: int,
    workers: int | None = None,
) -> Generator[Prediction, None, None]:
    """Classify many pictures.

    Args:
        sources: Pictures, pulled as they are needed. An `ImageError` among them stands for a
            picture known to be unreadable. A `Pending` stands for none: predictions that are ready
            are yielded before waiting for the next picture.
        preprocess: Decodes a picture and crops its faces; called in several threads at once.
        score: Runs the model on crops, shape (n, S, S, 3) with n from 1 to `batch_size`; called
            in one thread. Each score must depend on its own crop alone.
        aggregate: Combines a picture and the scores of its faces into a prediction.
        fail: Makes the prediction for a picture that cannot be read.
        batch_size: Faces scored at once.
        workers: Threads that preprocess; None for one per processor.

    Yields:
        One prediction per source, in order. A picture on which `preprocess` fails gives one with
        an error: the reason of an `ImageError`; for anything else, which would be a bug, an
        internal error that is also logged with its traceback.

    Raises:
        ValueError: `batch_size` or `workers` is below 1.
        Exception: Whatever `score`, or the iterator of `sources`, raises; what was pulled from
            `sources` before it failed is classified first.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    workers = _checked(workers)
    return _run(sources, preprocess, _Batches(score, aggregate, batch_size), fail, workers)


def run_in_workers(
    sources: Iterable[Source],
    *,
    preprocess: Preprocessor,
    score: Scorer[Score],
    aggregate: Aggregator[Score],
    fail: Fail,
    workers: int | None = None,
) -> Generator[Prediction, None, None]:
    """Classify many pictures, each in one thread from its bytes to its prediction.

    Args:
        sources: As for `run`.
        preprocess: As for `run`.
        score: Runs the model on one crop; called in several threads at once.
        aggregate: As for `run`.
        fail: As for `run`.
        workers: Threads; None for one per processor.

    Yields:
        As for `run`.

    Raises:
        ValueError: `workers` is below 1.
        Exception: As for `run`.
    """
    workers = _checked(workers)
    classify = partial(
        run_one, preprocess=preprocess, score=score, aggregate=aggregate, fail=fail, batch_size=1
    )
    return _run_in_workers(sources, classify, workers)


def run_one(
    source: Source,
    *,
    preprocess: Preprocessor,
    score: Scorer[Score],
    aggregate: Aggregator[Score],
    fail: Fail,
    batch_size: int,
) -> Prediction:
    """Classify one picture in the caller's thread, with the result that `run` would give.

    Args:
        source: The picture.
        preprocess: As for `run`.
        score: As for `run`.
        aggregate: As for `run`.
        fail: As for `run`.
        batch_size: As for `run`.

    Returns:
        The prediction; one with an error where `run` gives one.

    Raises:
        Exception: Whatever `score` raises.
    """
    batches = _Batches(score, aggregate, batch_size)
    item = _attempt(source, preprocess, fail)
    (prediction,) = (*batches.add(item), *batches.finish())
    return prediction


def _run(
    sources: Iterable[Source],
    preprocess: Preprocessor,
    batches: _Batches[Score],
    fail: Fail,
    workers: int,
) -> Generator[Prediction, None, None]:
    failures: list[Exception] = []
    guarded = _guarded(sources, failures)
    attempt = partial(_attempt, preprocess=preprocess, fail=fail)
    # enough to keep the threads busy while the model runs
    limit = 2 * workers + batches.size
    with closing(bounded_map_pending(attempt, guarded, workers=workers, limit=limit)) as pictures:
        for picture in pictures:
            if isinstance(picture, Pending):  # no face is at hand that would fill the batch
                yield from batches.finish()
            else:
                yield from batches.add(picture)
        yield from batches.finish()
    if failures:
        raise failures[0]


def _run_in_workers(
    sources: Iterable[Source], classify: Callable[[Source], Prediction], workers: int
) -> Generator[Prediction, None, None]:
    failures: list[Exception] = []
    results = bounded_map_pending(
        classify, _guarded(sources, failures), workers=workers, limit=2 * workers + 1
    )
    with closing(results):
        for result in results:
            if not isinstance(result, Pending):
                yield result
    if failures:
        raise failures[0]


def _guarded(sources: Iterable[Source], failures: list[Exception]) -> Iterator[Source]:
    """Yield the sources; an error ends them and is kept: what came before is classified first."""
    try:
        yield from sources
    except Exception as error:
        failures.append(error)


def _checked(workers: int | None) -> int:
    workers = default_threads() if workers is None else workers
    if not 1 <= workers <= MAX_THREADS:
        raise ValueError(f"workers must be 1 to {MAX_THREADS}, got {workers}")
    return workers


def _attempt(source: Source, preprocess: Preprocessor, fail: Fail) -> Preprocessed | Prediction:
    """Preprocessor one picture; turn any error into its prediction."""
    if isinstance(source, ImageError):
        return fail(source)
    try:
        return preprocess(source)
    except ImageError as error:
        return fail(error)
    except MemoryError:
        return fail(ImageError(name_of(source), "does not fit into memory"))
    except FakefaceError as error:  # the face finder failed, for want of memory or of a device
        return fail(ImageError(name_of(source), " ".join(str(error).split())[:300]))
    except Exception as error:
        name = name_of(source)
        _log.exception("internal error on %r", name)
        reason = " ".join(f"internal error, please report it: {error!r}".split())
        return fail(ImageError(name, reason[:300]))


class _Batches(Generic[Score]):
    """Collects pictures until their faces fill a batch."""

    def __init__(self, score: Scorer[Score], aggregate: Aggregator[Score], size: int) -> None:
        self.size = size
        self._score = score
        self._aggregate = aggregate
        self._waiting: list[Preprocessed | Prediction] = []
        self._faces = 0

    def add(self, item: Preprocessed | Prediction) -> Iterator[Prediction]:
        """Add a picture; yield the predictions that this completes."""
        self._waiting.append(item)
        if isinstance(item, Preprocessed):
            self._faces += len(item.crops)
        # Pictures without a face must not wait forever for a batch to fill.
        if self._faces >= self.size or not self._faces or len(self._waiting) >= 4 * self.size:
            yield from self.finish()

    def finish(self) -> Iterator[Prediction]:
        """Score the waiting pictures and yield their predictions."""
        waiting, self._waiting, self._faces = self._waiting, [], 0
        crops = [
            item.crops for item in waiting if isinstance(item, Preprocessed) and len(item.crops)
        ]
        scores = self._scores(np.concatenate(crops)) if crops else []
        used = 0
        for item in waiting:
            if isinstance(item, Prediction):
                yield item
            else:
                mine = scores[used : used + len(item.crops)]
                used += len(item.crops)
                yield self._aggregate(item, mine)

    def _scores(self, crops: npt.NDArray[np.uint8]) -> list[Score]:
        scores: list[Score] = []
        for start in range(0, len(crops), self.size):
            scores.extend(self._score(crops[start : start + self.size]))
        return scores
