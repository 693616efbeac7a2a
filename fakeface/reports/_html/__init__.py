"""A web page in a single file: pictures, verdicts and how to read them.

The page loads nothing: styles, program, small pictures and results stand in the file, and its
content security policy forbids the browser any request. Records are written as they come, and the
program stands before them, so that a file that was cut off still shows what it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from fakeface._crop import CropSpec
from fakeface.concurrency import OrderedThreads
from fakeface.reports._html._about import about, about_earlier, now
from fakeface.reports._html._page import Page, block
from fakeface.reports._html._record import DETAIL, LARGE, SMALL, PictureStyle, earlier, record
from fakeface.reports._report import TextReport
from fakeface.reports._results import Before
from fakeface.types import Prediction

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface._settings import Settings
    from fakeface.reports._results import EarlierScans

__all__ = ["HtmlReport"]

_FIRST = 250
"""Number of pictures at the beginning that are shown larger."""

_THREADS = 2
_AHEAD = 16
"""Most pictures whose thumbnails are being made; a killed process loses at most these."""


class HtmlReport(TextReport):
    """Writes a page that shows every picture.

    The pictures are opened again for their thumbnails, in threads; a file that has changed since it
    was classified, or an input that is not a file, is shown without one.

    Attributes:
        gone: Pictures that had a result and are shown without a preview: `missing`, `changed`
            since, or `unreadable`.
    """

    def __init__(self, stream: IO[str], name: str, *, owned: bool) -> None:
        """Write to an open stream; see `TextReport`."""
        super().__init__(stream, name, owned=owned)
        self._threads = OrderedThreads(_record, _THREADS, "fakeface-thumbnails")
        self._about: Callable[[str, str], dict[str, Any]] = partial(about, None)
        self._style = PictureStyle(CropSpec(), page=str(Path(name).parent) if owned else ".")
        self._before: Before | None = None
        self._page = Page()
        self.gone: Counter[str] = Counter()

    def describe(self, detector: Detector) -> None:
        """Set the detector, before the first prediction."""
        self._about = partial(about, detector)
        if detector.info.crop is not None:
            self._style = replace(self._style, crop=detector.info.crop)

    def describe_earlier(
        self, scans: EarlierScans, settings: Settings | None, before: EarlierScans | None
    ) -> None:
        """Say that the predictions were made earlier, before the first one; see `about_earlier`."""
        self._about = lambda _model, date: about_earlier(scans, settings, before, date)
        self._before = None if before is None else Before(before)
        if settings is not None and settings.model.crop is not None:
            self._style = replace(self._style, crop=settings.model.crop)

    def close(self) -> None:
        """Finish the report; further calls do nothing."""
        try:
            super().close()
        finally:
            self._threads.close()

    def _lines(self, prediction: Prediction) -> Iterable[str]:
        style = replace(
            self._style,
            side=LARGE if self._count <= _FIRST else SMALL,
            large=DETAIL if self.large_pictures else None,
        )
        more: dict[str, Any] = {}
        if self._before is not None:
            before = self._before.of(prediction)
            more["before"] = before and {
                **earlier(before),
                "same": before.digest == prediction.digest,
            }
        self._threads.put((prediction, style, more))
        return self._finished(_AHEAD)

    def _end(self) -> Iterable[str]:
        yield from self._finished(0)
        end: dict[str, Any] = {"finished": now(), "complete": self.complete}
        if self._before is not None and self.complete:
            end["only_before"] = [earlier(prediction) for prediction in self._before.left()]
        yield self._page.after(block(end))

    def _begin(self, model: str) -> Iterator[str]:
        said = self._about(model, now())
        if self.title is not None:  # pictures that somebody chose say nothing of rates
            said |= {"title": self.title, "note": self.note, "fpr": None}
        yield self._page.before(block(said))

    def _finished(self, most: int) -> Iterator[str]:
        """Yield finished records in order; wait while more than `most` are being made."""
        while len(self._threads) > most or self._threads.ready():
            line, gone = self._threads.take()
            if gone is not None:
                self.gone[gone] += 1
            yield line + "\n"


def _record(item: tuple[Prediction, PictureStyle, dict[str, Any]]) -> tuple[str, str | None]:
    prediction, style, more = item
    made = record(prediction, style)
    return block(made | more), made["gone"]
