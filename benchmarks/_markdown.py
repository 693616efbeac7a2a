"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a table whose first column is text and whose other columns are numbers.

    Args:
        head: Names of the columns.
        rows: The cells.

    Returns:
        The table, ending in a newline.
    """
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, rule, *rows))


def metric(estimate: Sequence[float | None] | None, interval: bool = True) -> str:
    """Format a metric between 0 and 1 to three digits, with its interval."""
    if estimate is None or estimate[0] is None:
        return "–"
    value, low, high = estimate
    text = _digits(value)
    if not interval or low is None or high is None:
        return text
    return f"{text} [{_digits(low)}, {_digits(high)}]"


def percent(estimate: Sequence[float | None] | None, interval: bool = True) -> str:
    """Format a fraction in percent, with its interval."""
    if estimate is None or estimate[0] is None:
        return "–"
    value, low, high = estimate
    if not interval or low is None or high is None:
        return f"{value:.1%}"
    return f"{value:.1%} [{100 * low:.0f}, {100 * high:.0f}]"


def _digits(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}".removeprefix("0")
