"""A web page in a single file: pictures, verdicts and how to read them.

The page loads nothing: styles, program, small pictures and results stand in the file, and its
content security policy forbids the browser any request. Records are written as they come, and the
program stands before them, so that a file that was cut off still shows what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, TYPE_CHECKING

from fakeface._bounded_map import OrderedThreads
from fakeface._crop import CropSpec
from fakeface.reports._html._about import about
from fakeface.reports._html._page import Page, block
from fakeface.reports._html._record import LARGE, SMALL, record
from fakeface.reports._report import TextReport
from fakeface.types import Prediction

if TYPE_CHECKING:
    from fakeface._detector import Detector

_FIRST = 250
"""Number of pictures at the beginning that are shown larger."""

_THREADS = 2
_AHEAD = 16
"""Most pictures whose thumbnails are being made; a killed process loses at most these."""


class HtmlReport(TextReport):
    """Writes a page that shows every picture.

    The pictures are opened again for their thumbnails, in threads; a file that has changed since it
    was classified, or an input that is not a file, is shown without one.
    """

    def __init__(self, stream: IO[str], name: str, *, owned: bool) -> None:
        """Write to an open stream; see `TextReport`."""
        super().__init__(stream, name, owned=owned)
        self._threads = OrderedThreads(_record, _THREADS, "fakeface-thumbnails")
        self._detector: Detector | None = None
        self._page: Page | None = None
        self._count = 0

    def describe(self, detector: Detector) -> None:
        """Set the detector, before the first prediction."""
        self._detector = detector

    def close(self) -> None:
        """Finish the report; further calls do nothing."""
        try:
            super().close()
        finally:
            self._threads.close()

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        self._count += 1
        side = LARGE if self._count <= _FIRST else SMALL
        crop = self._detector.info.crop if self._detector is not None else None
        self._threads.put((prediction, crop or CropSpec(), side))
        yield from self._begin(prediction.model)
        yield from self._finished(_AHEAD)

    def _end(self) -> Iterable[str]:
        yield from self._begin("")
        yield from self._finished(0)
        assert self._page is not None
        yield self._page.after(block({"finished": _now(), "complete": self.complete}))

    def _begin(self, model: str) -> Iterator[str]:
        if self._page is None:
            self._page = Page()
            yield self._page.before(block(about(self._detector, model, _now())))

    def _finished(self, most: int) -> Iterator[str]:
        """Yield finished records in order; wait while more than `most` are being made."""
        while len(self._threads) > most or self._threads.ready():
            yield self._threads.take() + "\n"


def _record(item: tuple[Prediction, CropSpec, int]) -> str:
    return block(record(*item))


def _now() -> str:
    now = datetime.now().astimezone()
    return f"{now.day} {now:%B %Y, %H:%M} {now.tzname()}"
