"""One detector for all requests, in a bounded number of threads."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, contextmanager, nullcontext, suppress
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from fakeface._errors import ImageError
from fakeface._pipeline import run_one
from fakeface._processors import default_threads
from fakeface.images import name_of
from fakeface.serve._memory import Held, Upload
from fakeface.serve._options import ServeOptions
from fakeface.serve._refusals import busy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy as np
    import numpy.typing as npt

    from fakeface._detector import Detector
    from fakeface.types import Prediction

_log = logging.getLogger("fakeface")

T = TypeVar("T")
Finish = Callable[[Upload | None, "Prediction"], T]
"""Makes what a request needs of a picture and its prediction; None if there are no bytes."""


class Pool:
    """Classifies the pictures of all requests.

    Attributes:
        detector: The detector.
        workers: Threads.
        held: Counts the bytes of pictures in memory.
        requests: Number of requests admitted and not answered yet.
        seconds: Seconds that a picture took of a thread, averaged over the last ones.
        late: Threads that still work on a picture whose time is over.
    """

    def __init__(
        self,
        detector: Detector,
        options: ServeOptions,
        observe: Callable[[Prediction, float], None],
    ) -> None:
        """Prepare; threads start with the first pictures.

        Args:
            detector: The detector.
            options: The limits.
            observe: Called with each prediction and its seconds, in the event loop's thread.
        """
        self.detector = detector
        self.workers = default_threads() + 1 if options.workers is None else options.workers
        self.held = Held(options.max_held)
        self.requests = 0
        self.seconds = 0.1
        self.late = 0
        self._options = options
        self._observe = observe
        # a run that takes all processors is alone; runs on one processor go side by side
        self._scoring = nullcontext() if detector.one_processor_a_run else Lock()
        self._threads = ThreadPoolExecutor(self.workers, "serve")

    def close(self) -> None:
        """Wait for the pictures being worked on."""
        self._threads.shutdown(cancel_futures=True)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Count a request for the time of a `with` block.

        Raises:
            HTTPException: Too many wait already.
        """
        if self.requests >= self.workers + self._options.queue:
            raise busy(max(1, math.ceil(self.requests * self.seconds / self.workers)))
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    async def results(
        self, pictures: AsyncGenerator[Upload | ImageError, None], finish: Finish[T]
    ) -> AsyncGenerator[T, None]:
        """Classify the pictures of a request while they arrive.

        The pictures go on being read however slowly the results are taken.

        Args:
            pictures: The pictures; they are closed.
            finish: Called with each picture and its prediction, in a thread.

        Yields:
            What `finish` made, in the order of the pictures.

        Raises:
            HTTPException: From `pictures`; the results before it were yielded.
        """
        # so few at once that a large request leaves room for small ones
        free = asyncio.Semaphore(2 * self.workers)
        tasks: asyncio.Queue[asyncio.Task[T] | None] = asyncio.Queue()
        begun: set[asyncio.Task[T]] = set()

        async def read() -> None:
            try:
                async with aclosing(pictures):
                    async for picture in pictures:
                        await free.acquire()
                        task = asyncio.create_task(self._result(picture, finish))
                        begun.add(task)
                        task.add_done_callback(lambda _: free.release())
                        tasks.put_nowait(task)
            finally:
                tasks.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (task := await tasks.get()) is not None:
                result = await task
                begun.discard(task)
                yield result
            await reader
        finally:
            for left in (reader, *begun):
                left.cancel()
            await asyncio.gather(reader, *begun, return_exceptions=True)

    async def _result(self, picture: Upload | ImageError, finish: Finish[T]) -> T:
        if isinstance(picture, ImageError):
            prediction = self.detector.fail(picture)
            self._observe(prediction, 0.0)
            return finish(None, prediction)
        job = self._threads.submit(self._work, picture, finish)
        try:
            prediction, result, seconds = await asyncio.wait_for(
                asyncio.wrap_future(job), self._options.timeout
            )
        except TimeoutError:
            self._give_up(job, picture)
            most = self._options.timeout
            error = ImageError(picture.name, f"took longer than the {most:g} seconds allowed")
            prediction = self.detector.fail(error)
            self._observe(prediction, most)
            return finish(None, prediction)
        except BaseException:
            self._give_up(job, picture)
            raise
        self.seconds += (seconds - self.seconds) / 20
        self._observe(prediction, seconds)
        return result

    def _give_up(self, job: Future[tuple[Prediction, T, float]], picture: Upload) -> None:
        """Leave a picture; a thread that works on it cannot be stopped."""
        if job.cancel() or job.done():
            picture.close()
            return
        self.late += 1
        loop = asyncio.get_running_loop()

        def returned(_: object) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody counts any more
                loop.call_soon_threadsafe(self._return)

        job.add_done_callback(returned)

    def _return(self) -> None:
        self.late -= 1

    def _work(self, picture: Upload, finish: Finish[T]) -> tuple[Prediction, T, float]:
        began = time.perf_counter()
        detector = self.detector
        with picture:
            try:
                prediction = run_one(
                    picture,
                    preprocess=detector.preprocess,
                    score=self._score,
                    aggregate=detector.aggregate,
                    fail=detector.fail,
                    batch_size=detector.batch_size,
                )
            except Exception as error:  # the model failed: of this picture, as far as is known
                name = name_of(picture)
                _log.exception("internal error on %r", name)
                reason = " ".join(f"internal error, please report it: {error!r}".split())
                prediction = detector.fail(ImageError(name, reason[:300]))
            result = finish(picture, prediction)
        return prediction, result, time.perf_counter() - began

    def _score(self, crops: npt.NDArray[np.uint8]) -> Sequence[Any]:
        with self._scoring:
            return self.detector.score(crops)
