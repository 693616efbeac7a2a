"""Writes and prints results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer


def write_result(folder: Path, name: str, result: dict[str, Any], text: str) -> None:
    """Write a result as `NAME.json` and `NAME.md`.

    Args:
        folder: Where to write; created if it is missing.
        name: Name of the benchmark.
        result: Plain values, ready for JSON.
        text: The result as Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def show_markdown(text: str) -> None:
    """Print Markdown: formatted on a terminal, as it is elsewhere."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        typer.echo(text)
