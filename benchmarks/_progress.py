"""Progress bars on standard error, one for each part of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from train.command_line import console

Begin = Callable[[str, int], Callable[[int], None]]
"""Begin a part of the work: takes its name and number of steps, returns what advances it."""


def no_progress(name: str, total: int) -> Callable[[int], None]:  # noqa: ARG001
    """Begin nothing: for callers that show no progress."""
    return lambda _: None


@contextmanager
def progress_bars() -> Iterator[Begin]:
    """Show progress bars on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def begin(name: str, total: int) -> Callable[[int], None]:
            task = bars.add_task(name, total=total)
            return lambda steps: bars.advance(task, steps)

        yield begin


def hundredths(advance: Callable[[int], None]) -> Callable[[float], None]:
    """Turn fractions into steps of a hundred.

    Args:
        advance: Advances a bar of 100 steps.

    Returns:
        A function of the fraction that is done, 0 to 1.
    """
    shown = 0

    def update(fraction: float) -> None:
        nonlocal shown
        advance(round(100 * fraction) - shown)
        shown = round(100 * fraction)

    return update
