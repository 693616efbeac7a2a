from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Measures fakeface: how right it is, how fast it is, and what it is measured against."
    " Needs the extra `bench`. Everything is seeded; results are JSON, Markdown and PNG.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """Keep the names of commands even where there is one alone."""


DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder of pictures: AI/ and Real/ with sources as sub-folders, or a manifest.csv.",
        envvar="FAKEFACE_DATA",
        exists=True,
        file_okay=False,
    ),
]
ModelsOption = Annotated[
    list[str],
    typer.Option(
        "--model", "-m", help="Model directory or name of a bundled model; may be repeated."
    ),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
CacheOption = Annotated[
    Path, typer.Option("--cache", help="Where scores are kept; may be deleted at any time.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads of a model; all by default.")
]


def _write(folder: Path, name: str, result: dict[str, Any], text: str) -> None:
    """Write a result as JSON and Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _show(text: str) -> None:
    """Print Markdown, laid out where there is a terminal."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        typer.echo(text)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say what is wrong in one line and leave with exit code 2."""
    from fakeface import FakefaceError
    from train._errors import TrainError

    try:
        yield
    except (FakefaceError, TrainError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def _progress() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """A progress bar for each part of the work, on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from train._progress import console

    columns = (
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:

        def begin(what: str, total: int) -> Callable[[int], None]:
            task = bar.add_task(what, total=total)
            return lambda done: bar.advance(task, done)

        yield begin
