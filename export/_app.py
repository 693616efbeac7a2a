"""The commands of `python -m export`."""

from __future__ import annotations

from typing import Any

import typer

from export._commands import delta, faces, golden, run
from export.int8._command import int8
from export.web._command import web
from train.command_line import CommandGroup


class _RunIsDefault(CommandGroup):
    """`python -m export RUN -o DIR` is short for `python -m export run RUN -o DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert `run` where no command is named."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunIsDefault,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Write model directories for fakeface: `run` from a run of `python -m train fit` (the"
        " command `run` may be left out), `int8` from an fp32 model directory, `delta` without the"
        " weights that a wheel has, `faces` from MediaPipe's BlazeFace; `golden` records the scores"
        " of models on the bundled pictures; `web` writes the detector as a static site."
    ),
)

app.command("run")(run)
app.command("int8")(int8)
app.command("delta")(delta)
app.command("faces")(faces)
app.command("golden")(golden)
app.command("web")(web)
