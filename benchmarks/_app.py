from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from fakeface._model import DEFAULT_MODEL

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


@app.command()
def accuracy(
    model: ModelsOption,
    data: DataOption,
    out: OutOption = Path("results/accuracy"),
    split: Annotated[
        list[str], typer.Option("--split", help="Split to measure; may be repeated.")
    ] = ["test"],  # noqa: B006
    tier: Annotated[
        list[str],
        typer.Option("--tier", help="Only these tiers; all but the `enhanced` ones by default."),
    ] = [],  # noqa: B006
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    cache: CacheOption = Path("cache"),
    threads: ThreadsOption = None,
) -> None:
    """Measure how right models are: per source, per tier, with intervals.

    Pictures go through fakeface's own decoding, face finding and cropping. Scores are kept in
    --cache: a run that was interrupted goes on where it stopped.

    python -m benchmarks accuracy --model edge --model report --data ../shared/faces
    """
    from benchmarks._accuracy import evaluate, run_accuracy
    from benchmarks._accuracy_plots import plot_accuracy
    from benchmarks._accuracy_tables import accuracy_markdown
    from benchmarks._scores_csv import write_scores
    from benchmarks._tiers import DEFAULT, TIERS
    from fakeface._model import find_model
    from train._cache import Cache
    from train._data import SPLITS, load_data

    if unknown := set(tier) - set(TIERS):
        raise typer.BadParameter(f"no tier {', '.join(unknown)}; there are: {', '.join(TIERS)}")
    if unknown := set(split) - set(SPLITS):
        raise typer.BadParameter(f"no split {', '.join(unknown)}; there are: {', '.join(SPLITS)}")
    with _plain_errors(), _progress() as begin:
        store = Cache(cache)
        pictures = load_data(data, store)
        run = run_accuracy(
            [find_model(Path(name)) for name in model],
            pictures,
            split,
            [TIERS[name] for name in tier] or list(DEFAULT),
            store,
            threads=threads,
            begin=begin,
        )
        result = evaluate(run, resamples, seed, begin)
        text = accuracy_markdown(result)
        _write(out, "accuracy", result, text)
        write_scores(run, out / "scores.csv")
        plot_accuracy(run, out)
    typer.echo(text)


@app.command("leave-one-out")
def leave_one_out(
    data: DataOption,
    recipe: Annotated[
        str, typer.Option(help="Recipe of `python -m train`: its name or a TOML file.")
    ] = "report-avgpool",
    out: OutOption = Path("results/leave-one-out"),
    source: Annotated[
        list[str], typer.Option("--source", help="Only leave out these sources; all by default.")
    ] = [],  # noqa: B006
    set_: Annotated[
        list[str],
        typer.Option("--set", metavar="FIELD=VALUE", help="Override any field of the recipe."),
    ] = [],  # noqa: B006
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    cache: CacheOption = Path("cache"),
) -> None:
    """Fit a recipe once for every source left out, and measure it on that source.

    Needs the extra `train`. The split `unseen` is not touched. Finished fits are kept in --out and
    not repeated; a recipe with a frozen backbone takes minutes, one that fine-tunes takes as many
    trainings as there are sources (shorten them with --set finetune.steps=600).

    python -m benchmarks leave-one-out --data ../shared/faces --set backbone.name=efficientnet-lite0
    """
    from benchmarks._leave_one_out import leave_one_out as run
    from benchmarks._leave_one_out import leave_one_out_markdown
    from train._cache import Cache
    from train._fit import Selection, read_data
    from train._recipe import load_recipe

    with _plain_errors():
        chosen = load_recipe(recipe, set_)
        store = Cache(cache)
        pictures = read_data(data, chosen, store, Selection())
        folder = out / chosen.name
        result = run(
            chosen,
            pictures,
            store,
            folder / "runs",
            wanted=source,
            count=resamples,
            seed=seed,
            tell=lambda text: typer.echo(text, err=True),
        )
        text = leave_one_out_markdown(result)
        _write(folder, "leave-one-out", result, text)
    typer.echo(text)


@app.command()
def latency(
    model: Annotated[
        list[str],
        typer.Option(
            "--model", "-m", help="Model directory or name of a bundled model; may be repeated."
        ),
    ] = [DEFAULT_MODEL],  # noqa: B006
    out: OutOption = Path("results/latency"),
    threads: Annotated[list[int], typer.Option(min=1, help="Threads of the models.")] = [1, 2],  # noqa: B006
    batch: Annotated[list[int], typer.Option(min=1, help="Batch sizes.")] = [1, 8],  # noqa: B006
    seconds: Annotated[
        float, typer.Option(min=0, help="How long to measure steps, and again models alone.")
    ] = 60.0,
) -> None:
    """Measure how long a verdict takes: by step, picture size, threads, batch and model.

    `fakeface bench` measures the same of one model and picture, wherever fakeface is installed.

    python -m benchmarks latency --model edge --model report
    """
    from benchmarks._latency import latency as measure
    from benchmarks._latency_plot import plot_latency
    from benchmarks._latency_tables import latency_markdown

    with _plain_errors(), _progress() as begin:
        result = measure(model, threads, batch, seconds, begin)
        text = latency_markdown(result)
        _write(out, "latency", result, text)
        plot_latency(result, out / "latency.png")
    typer.echo(text)


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
