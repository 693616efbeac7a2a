from __future__ import annotations

import os
import shlex
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fakeface._text import printable
from fakeface._version import __version__
from fakeface.cli._bench import bench
from fakeface.cli._doctor import doctor
from fakeface.cli._get import get
from fakeface.cli._info import info
from fakeface.cli._predict import predict
from fakeface.cli._report import report
from fakeface.cli._scan import scan
from fakeface.cli._serve import serve

EXIT_CODES = """
Exit codes: 0 done; 1 a picture got a verdict named by --fail-on, or doctor found a problem; 2 wrong
usage, or something is missing (a folder, a model, a provider, disk space); 3 some pictures could
not be read; 70 an internal error, please report it; 130 interrupted (Ctrl-C), 143 terminated
(SIGTERM) and 129 hung up (SIGHUP), all with the results so far; 141 the reader of the results went
away.
"""


class _Commands(TyperGroup):
    """Commands; an error names the right one if it was left out."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Look the command up; point to `scan` or `predict` if a file stands in its place."""
        name = args[0]
        if name not in self.commands and os.path.lexists(name):
            command = "scan" if os.path.isdir(name) else "predict"  # noqa: PTH112
            kind = "folder" if command == "scan" else "file"
            shown = shlex.quote(printable(name))
            ctx.fail(f"{shown} is a {kind}, not a command; write: fakeface {command} {shown}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    help="Tells, on this machine, whether a picture of a face is a photograph or was made by AI."
    " A verdict is a signal, not a proof.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fakeface {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


for _command in (scan, predict, report, serve, get, info, doctor, bench):
    app.command(epilog=EXIT_CODES)(_command)
