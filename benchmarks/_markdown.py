"""Results as JSON and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer


def publish(folder: Path, result: dict[str, Any], text: str) -> None:
    """Write a result as `NAME.json` and `NAME.md`, named after its benchmark, and print it.

    Args:
        folder: Where to write; created if it is missing.
        result: Plain values, ready for JSON; `benchmark` is the name.
        text: The result as Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / result["benchmark"]
    file.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    file.with_suffix(".md").write_text(text, encoding="utf-8")
    typer.echo(text)


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
    value, *bounds = ["–" if v is None else f"{v:.3f}".removeprefix("0") for v in estimate]
    return f"{value} [{', '.join(bounds)}]" if interval else value


def percent(estimate: Sequence[float | None] | None, interval: bool = True) -> str:
    """Format a fraction in percent, with its interval."""
    if estimate is None or estimate[0] is None:
        return "–"
    value, low, high = estimate
    if not interval or low is None or high is None:
        return f"{value:.1%}"
    return f"{value:.1%} [{100 * low:.0f}, {100 * high:.0f}]"
