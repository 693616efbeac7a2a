from __future__ import annotations

from typing import Annotated

import typer

from fakeface._version import __version__
from fakeface.cli._bench import bench
from fakeface.cli._doctor import doctor
from fakeface.cli._info import info
from fakeface.cli._predict import predict
from fakeface.cli._scan import scan

EXIT_CODES = """
Exit codes: 0 done; 1 a verdict named by --fail-on was given, or doctor found a problem; 2 wrong
usage, or something needed is missing (a folder, a model, a provider, room for the results); 3 some
pictures could not be read; 70 a fault of fakeface itself, please report it; 130 interrupted
(Ctrl-C), 143 terminated (SIGTERM), both with what was done until then; 141 the reader of the
results went away.
"""

app = typer.Typer(
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


for _command in (scan, predict, info, doctor, bench):
    app.command(epilog=EXIT_CODES)(_command)
