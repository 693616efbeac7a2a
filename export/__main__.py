"""`python -m export`: from a training run to a model directory that `fakeface` runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer.core import TyperGroup

from export._faces import faces
from export._golden import golden
from export.int8._command import int8, quantise
from export.int8._quantize import Scheme

ROOT = Path(__file__).parent.parent

console = Console(stderr=True)


class _RunIsDefault(TyperGroup):
    """`python -m export RUN -o DIR` is short for `python -m export run RUN -o DIR`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Put `run` in front where no command is named."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunIsDefault,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Make model directories for fakeface: RUN from `python -m train fit` (the command `run`"
        " may be left out), `int8` from a model directory in float, `faces` from MediaPipe's"
        " BlazeFace; `golden` writes what models say of the bundled pictures."
    ),
)


@app.command("run")
def run_command(
    run: Annotated[Path, typer.Argument(help="Run directory that `python -m train fit` wrote.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the model; that of the directory if left out.")
    ] = None,
    version: Annotated[str, typer.Option(help="Version of the model.")] = "1.0.0",
    pictures: Annotated[
        Path,
        typer.Option(
            help="Folder of real pictures to check the exported model on.",
            show_default="samples",
        ),
    ] = ROOT / "samples",
    licence: Annotated[
        str | None, typer.Option(help="Licence notes for the model, in place of general ones.")
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(help="Markdown for the model card: what it is for, where it fails."),
    ] = None,
    int8_out: Annotated[
        Path | None,
        typer.Option(
            "--int8", help="Model directory to write in 8-bit numbers as well; needs --data."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="For --int8: folder of the pictures that it was trained on.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    cache: Annotated[
        Path, typer.Option(help="For --int8: what `python -m train` remembered of the pictures.")
    ] = Path("cache"),
) -> None:
    """Export a trained detector to ONNX, and refuse if it does not do what it did in TensorFlow.

    It is compared with TensorFlow on real pictures (at most 1e-4 apart in p_fake), and each
    picture alone with the same picture in a batch (at most 1e-5). With --int8 it is then
    quantised as by `int8` with the options left alone; a refusal of that leaves the model in
    float where it was written.
    """
    if (int8_out is None) != (data is None):
        raise typer.BadParameter("--int8 and --data go together")
    if int8_out is not None and int8_out.resolve() == out.resolve():
        raise typer.BadParameter("--int8 and --out name the same directory")
    from export._run import export_run

    written = notes.read_text(encoding="utf-8") if notes else ""
    called = name or out.resolve().name
    info, parity = export_run(run, out, called, version, pictures, licence, written)
    console.print(
        f"{info.name} {info.version}: {info.onnx.stat().st_size / 1e6:.1f} MB,"
        f" {parity.pictures} crops within {parity.tensorflow:.1e} of TensorFlow,"
        f" {parity.batch:.1e} alone and in a batch"
    )
    typer.echo(str(out))
    if int8_out is None or data is None:
        return
    from export.int8._export import Request

    try:
        quantise(Request(out, data, cache, int8_out, int8_out.resolve().name, Scheme()))
    except Exception:
        console.print(
            f"{out} was written and stays; {int8_out} was not", style="yellow", markup=False
        )
        raise


app.command("faces")(faces)
app.command("golden")(golden)
app.command("int8")(int8)


def main() -> None:
    """Run the command line; errors that have a remedy are one line, not a traceback."""
    from export._faces import ExportError
    from export._parity import ParityError
    from export.int8._quantize import QuantizationError
    from fakeface import FakefaceError
    from train._errors import TrainError

    try:
        app(prog_name="python -m export")
    except (ExportError, ParityError, QuantizationError, FakefaceError, TrainError) as error:
        console.print(f"error: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
