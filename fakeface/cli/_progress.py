"""How far a scan is, on standard error while that is a terminal."""

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
    """A progress bar that learns how many files there are while it runs."""

    def __init__(self, bar: Bar, count: Callable[[], int] | None) -> None:
        """Begin.

        Args:
            bar: The bar, started.
            count: Counts the files that there are; called in a thread of its own. None where they
                cannot be counted beforehand.
        """
        self._bar = bar
        self._task = bar.add_task("", total=None, tally="")
        if count is not None:
            threading.Thread(target=self._learn, args=(count,), daemon=True).start()

    def _learn(self, count: Callable[[], int]) -> None:
        self._bar.update(self._task, total=count())

    def advance(self, tally: Tally | None = None) -> None:
        """One file is done; `tally` is what has come out so far."""
        self._bar.update(self._task, advance=1)
        if tally is not None:
            self._bar.update(self._task, tally=str(tally))


@contextmanager
def progress_for(report: Report, count: Callable[[], int] | None) -> Iterator[Progress | None]:
    """Show progress where a person can see it.

    Args:
        report: Where results go. A table on a terminal shares its console with the bar, so that
            neither writes over the other.
        count: Counts the files that there are.

    Yields:
        The progress, or None where standard error is no terminal or results go to the terminal
        in another form.
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
        SpinnerColumn(),
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
