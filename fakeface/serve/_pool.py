"""One detector for all requests, in a bounded number of threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
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


def _busy() -> HTTPException:
    detail = "too many pictures wait already; try again later"
    return HTTPException(429, detail, {"Retry-After": "2"})


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

        `observe` is called with each prediction and its seconds, in the event loop's thread.
        """
        self.detector = detector
        self.workers = options.workers or detector.default_workers()
        self.requests = 0
        self.held = 0
        self._options = options
        self._observe = observe
        self._threads = ThreadPoolExecutor(self.workers, "serve")

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
            raise _busy()
        mine = 0

        def take(number: int) -> None:
            nonlocal mine
            if self.held + number > self._options.max_held:
                raise _busy()
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
                work = partial(self._work, picture, finish)
                loop = asyncio.get_running_loop()
                text, prediction, seconds = await loop.run_in_executor(self._threads, work)
            self._observe(prediction, seconds)
            return text

        return await asyncio.gather(*map(one, pictures))

    def _work(self, picture: Upload | ImageError, finish: Finish) -> tuple[str, Prediction, float]:
        began = time.perf_counter()
        if isinstance(picture, Upload) and picture.empty:
            picture = ImageError(picture.name, "is empty (0 bytes)")
        prediction = self.detector.judge(picture)
        text = finish(prediction, picture if isinstance(picture, Upload) else None)
        return text, prediction, time.perf_counter() - began
