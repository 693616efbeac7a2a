"""One detector for all requests, in a bounded number of threads."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from fakeface._errors import ImageError
from fakeface.serve._options import ServeOptions
from fakeface.serve._uploads import Upload

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.types import Prediction

Finish = Callable[["Prediction", Upload | None], str]
"""Encodes what a request needs of a prediction and its picture; None if there are no bytes."""


def _busy(seconds: int) -> HTTPException:
    detail = "too many pictures wait already; try again later"
    return HTTPException(429, detail, {"Retry-After": str(seconds)})


class Pool:
    """Classifies the pictures of all requests.

    Attributes:
        detector: The detector.
        workers: Threads.
        requests: Number of requests admitted and not answered yet.
        held: Bytes of their pictures.
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
        self.workers = options.workers or detector.default_workers()
        self.requests = 0
        self.held = 0
        self._options = options
        self._observe = observe
        self._seconds = 0.1  # of a thread for a picture, averaged over the last ones
        self._late: set[Future[tuple[str, Prediction, float]]] = set()
        self._threads = ThreadPoolExecutor(self.workers, "serve")

    @property
    def late(self) -> int:
        """Threads that still work on a picture whose time is over."""
        return len(self._late)

    def close(self) -> None:
        """Wait for the pictures being worked on."""
        self._threads.shutdown(cancel_futures=True)

    @contextmanager
    def admitted(self) -> Iterator[Callable[[int], None]]:
        """Count a request for the time of a `with` block.

        Yields:
            What counts the bytes of the request, until the block ends; it raises `HTTPException` if
            all requests together hold too many.

        Raises:
            HTTPException: Too many requests wait already.
        """
        if self.requests >= self.workers + self._options.queue:
            raise _busy(max(1, math.ceil(self.requests * self._seconds / self.workers)))
        mine = 0

        def take(number: int) -> None:
            nonlocal mine
            if self.held + number > self._options.max_held:
                raise _busy(5)
            self.held += number
            mine += number

        self.requests += 1
        try:
            yield take
        finally:
            self.requests -= 1
            self.held -= mine

    async def classify(self, pictures: Sequence[Upload | ImageError], finish: Finish) -> list[str]:
        """Classify the pictures of a request.

        Args:
            pictures: The pictures, and errors of those that are known to be unreadable.
            finish: Called with each prediction, in a thread.

        Returns:
            What `finish` made, in the order of the pictures.
        """
        # so few at once that the pictures of other requests get their turn
        turn = asyncio.Semaphore(self.workers)

        async def one(picture: Upload | ImageError) -> str:
            async with turn:
                return await self._classify(picture, finish)

        return await asyncio.gather(*map(one, pictures))

    async def _classify(self, picture: Upload | ImageError, finish: Finish) -> str:
        job = self._threads.submit(self._work, picture, finish)
        most = self._options.timeout
        try:
            text, prediction, seconds = await asyncio.wait_for(asyncio.wrap_future(job), most)
            self._seconds += (seconds - self._seconds) / 20
        except TimeoutError:
            if not job.cancel() and not job.done():  # a thread cannot be stopped
                self._late.add(job)
                job.add_done_callback(self._late.discard)
            name = picture.source if isinstance(picture, ImageError) else picture.name
            error = ImageError(name, f"took longer than the {most:g} seconds allowed")
            text, prediction, seconds = self._work(error, finish)
        self._observe(prediction, seconds)
        return text

    def _work(self, picture: Upload | ImageError, finish: Finish) -> tuple[str, Prediction, float]:
        began = time.perf_counter()
        if isinstance(picture, Upload) and picture.empty:
            picture = ImageError(picture.name, "is empty (0 bytes)")
        prediction = self.detector.judge(picture)
        text = finish(prediction, picture if isinstance(picture, Upload) else None)
        return text, prediction, time.perf_counter() - began
