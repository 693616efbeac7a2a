"""Progress of a scan, on standard error if that is a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fakeface.reports._tally import Tally

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from fakeface.reports._report import Report


class Progress:
    """A progress bar whose total is counted in the background."""

    def __init__(self, bar: Bar, count: Callable[[], int] | None) -> None:
        """Start counting.

        Args:
            bar: The bar, started.
            count: Counts the files, in a thread of its own; None if they cannot be counted.
        """
        self._bar = bar
        self._task = bar.add_task("", total=None, tally="")
        if count is not None:
            threading.Thread(target=self._learn, args=(count,), daemon=True).start()

    def _learn(self, count: Callable[[], int]) -> None:
        self._bar.update(self._task, total=count())

    def advance(self, tally: Tally | None = None) -> None:
        """Advance by one file; `tally` holds the results so far."""
        self._bar.update(self._task, advance=1)
        if tally is not None:
            self._bar.update(self._task, tally=str(tally))


@contextmanager
def progress_for(report: Report, count: Callable[[], int] | None) -> Iterator[Progress | None]:
    """Show progress on a terminal.

    Args:
        report: The report. A table on a terminal shares its console with the bar, so that neither
            overwrites the other.
        count: Counts the files.

    Yields:
        The progress, or None if standard error is not a terminal, or if results other than a
        table go to the terminal.
    """
    console = getattr(report, "console", None) if report.on_terminal else None
    if not sys.stderr.isatty() or (report.on_terminal and console is None):
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bar,
    )

    columns: tuple[ProgressColumn, ...] = (
        SpinnerColumn("dots" if (sys.stderr.encoding or "").lower().startswith("utf") else "line"),
        MofNCompleteColumn(),
        BarColumn(bar_width=24),
        TimeRemainingColumn(),
        TextColumn("{task.fields[tally]}"),
    )
    with Bar(
        *columns,
        console=console or Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=5,
    ) as bar:
        yield Progress(bar, count)
