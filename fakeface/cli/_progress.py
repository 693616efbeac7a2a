"""Progress of a scan, on standard error: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fakeface.cli._errors import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from fakeface.reports._report import Report
    from fakeface.reports._tally import Tally

_INTERVAL = 30.0
"""Seconds between lines off a terminal."""


class Progress:
    """Files done, of a total that is counted meanwhile; a line now and then.

    Attributes:
        done: Number of files done.
        total: Number of all files; None while it is not known.
        tally: The results so far.
    """

    def __init__(self, count: Callable[[], int] | None) -> None:
        """Start the clock, and a thread that counts the files, where they can be counted."""
        self.done = 0
        self.total: int | None = None
        self.tally: Tally | None = None
        self._started = self._shown = time.monotonic()
        if count is not None:
            threading.Thread(target=self._learn, args=(count,), daemon=True).start()

    def _learn(self, count: Callable[[], int]) -> None:
        self.total = count()

    def advance(self, tally: Tally) -> None:
        """Advance by one file; `tally` holds the results so far."""
        self.done += 1
        self.tally = tally
        self._show()

    def _show(self) -> None:
        if time.monotonic() - self._shown >= _INTERVAL:
            self._shown = time.monotonic()
            say(str(self))

    def __str__(self) -> str:
        """Return a line such as `120 of 5,000 files, about 4 min left: 3 fake, 110 real`."""
        total = self.total
        of = "" if total is None else f" of {total:,}"
        line = f"{self.done:,}{of} file{'' if (total or self.done) == 1 else 's'}"
        if total is not None and self.done:
            left = (total - self.done) * (time.monotonic() - self._started) / self.done
            line += f", about {_duration(max(left, 0))} left"
        return f"{line}: {self.tally}" if self.tally is not None and self.tally.total else line


class _BarProgress(Progress):
    """The same as a bar."""

    def __init__(self, bar: Bar, count: Callable[[], int] | None) -> None:
        super().__init__(count)
        self._bar = bar
        self._task = bar.add_task("", total=None, tally="")

    def _show(self) -> None:
        tally = str(self.tally or "")
        self._bar.update(self._task, completed=self.done, total=self.total, tally=tally)


@contextmanager
def progress_for(report: Report, count: Callable[[], int] | None) -> Iterator[Progress | None]:
    """Show progress while a report is written, but not between the lines of one on a terminal.

    A table shares its console with the bar, so that neither overwrites the other.
    """
    console = getattr(report, "console", None) if report.on_terminal else None
    if not sys.stderr.isatty():
        yield Progress(count)
        return
    if report.on_terminal and console is None:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TimeRemainingColumn(),
        TextColumn("left  {task.fields[tally]}"),
        console=console or Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=5,
    ) as bar:
        yield _BarProgress(bar, count)


def _duration(seconds: float) -> str:
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
