from __future__ import annotations

import contextlib
import io
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, TypeVar

from fakeface._errors import ReportError, reason_of
from fakeface.reports._files import open_text
from fakeface.types import Prediction

if TYPE_CHECKING:
    from fakeface._detector import Detector

_Self = TypeVar("_Self", bound="Report")


class Report(ABC):
    """Writes predictions in one format; a context manager.

    Leaving the context finishes the report, also when an error or Ctrl-C ends it early: the file is
    then a valid report of the pictures so far.
    """

    @classmethod
    def require(cls) -> None:
        """Raise ReportError if a package that the format needs is not installed."""
        return

    on_terminal: bool = False
    """Whether it is written to a terminal."""

    all_statements: bool = False
    """Whether formats for people show all that files say of their own origin, not a summary."""

    large_pictures: bool = False
    """Whether formats with pictures hold them in a larger size too, for details; set it before the
    first prediction."""

    title: str | None = None
    """Headline of formats for people, before the first prediction; None for one that counts."""

    note: str = ""
    """What formats for people say below it, likewise."""

    complete: bool = True
    """Whether the scan was not interrupted; set it before closing the report."""

    @classmethod
    @abstractmethod
    def open(cls, path: Path | None, *, append: bool = False) -> Report:
        """Open a report.

        Args:
            path: The file; None for standard output.
            append: Keep the file's content; only for JSON lines.
        """

    def describe(self, detector: Detector) -> None:  # noqa: ARG002 -- most formats say no more
        """Set the detector, before the first prediction; formats for people show its settings."""
        return

    @abstractmethod
    def write(self, prediction: Prediction) -> None:
        """Write one prediction and flush it to the operating system.

        Raises:
            ReportError: The file cannot be written.
            BrokenPipeError: The reader of standard output is gone.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the report; further calls do nothing."""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.complete = self.complete and error is None
        if isinstance(error, (BrokenPipeError, ReportError)):  # of this report, or of another
            with contextlib.suppress(OSError, ReportError):
                self.close()
        else:
            self.close()


class TextReport(Report):
    """A report that is a text, in UTF-8 whatever the locale."""

    _locale = False  # whether standard output stays in the encoding of the terminal

    def __init__(self, stream: IO[str], name: str, *, owned: bool) -> None:
        """Write to an open stream of this name, and close it at the end if it is owned."""
        self._stream = stream
        self._name = name
        self._owned = owned
        self._count = 0
        self._closed = False
        self.on_terminal = stream.isatty()

    @classmethod
    def open(cls, path: Path | None, *, append: bool = False) -> TextReport:
        """Open a report on standard output or in a file, or append to one."""
        if path is not None:
            return cls(open_text(path, append=append), str(path), owned=True)
        if sys.stdout is None or sys.stdout.closed:
            raise ReportError("standard output", "is closed; write the results to a file: -o FILE")
        if isinstance(sys.stdout, io.TextIOWrapper) and not cls._locale:
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        return cls(sys.stdout, "standard output", owned=False)

    def write(self, prediction: Prediction) -> None:
        """Write one prediction and flush it to the operating system."""
        begin = () if self._count else self._begin(prediction.model)
        self._count += 1
        self._put(chain(begin, self._lines(prediction)))

    def close(self) -> None:
        """Finish the report; further calls do nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._put(chain(() if self._count else self._begin(""), self._end()))
        finally:
            if self._owned:
                self._stream.close()

    def _begin(self, model: str) -> Iterable[Any]:  # noqa: ARG002 -- most formats do not name it
        """Return what precedes the records; `model` is that of the first one."""
        return ()

    @abstractmethod
    def _lines(self, prediction: Prediction) -> Iterable[Any]:
        """Return the text of one prediction."""

    def _end(self) -> Iterable[Any]:
        """Return what follows the records."""
        return ()

    def _put(self, texts: Iterable[Any]) -> None:
        try:
            self._print(texts)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ReportError(self._name, reason_of(error)) from error

    def _print(self, texts: Iterable[Any]) -> None:
        self._stream.writelines(texts)
