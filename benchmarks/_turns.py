"""Measuring in turns, with a bar on a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.progress import Progress

from fakeface.diagnostics import Timing, Variant, interleaved
from train.command_line import console


def in_turns(
    variants: Mapping[str, Variant], seconds: float, what: str
) -> dict[str, dict[str, Timing]]:
    """Call `fakeface.diagnostics.interleaved` and show how far it is.

    Args:
        variants: Callables by name; each call returns the seconds that its parts took.
        seconds: Total time.
        what: What to call the work.

    Returns:
        Timings per variant and part.
    """
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=1.0)
        return interleaved(
            variants, seconds, advance=lambda share: bars.update(task, completed=share)
        )
