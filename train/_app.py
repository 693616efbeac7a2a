"""The commands of `python -m train`."""

from __future__ import annotations

from collections.abc import Callable

import typer

from train._commands import average, collect, compare, fit, recipes, report, teacher
from train.command_line import CommandGroup

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""Train detectors of AI-made faces with TensorFlow.

A first training, on a folder with `AI/` and `Real/` in it:

    python -m train compare --data FOLDER --backbone efficientnet-lite0

    python -m train fit --data FOLDER --recipe report

    python -m train report runs/report

    python -m export runs/report -o my-model

    fakeface scan --model my-model PICTURES

The backbone runs over every picture once; its features are cached, so that a second training on the
same pictures takes seconds. Everything can be interrupted (Ctrl-C) and started again: what was
computed is kept.""",
)

command: Callable[..., None]
for command in (fit, compare, report, average, collect, teacher, recipes):
    app.command()(command)
