"""`python -m export int8`: from a model directory in fp32 to one in 8-bit numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from export.int8._quantize import Scheme, Target

if TYPE_CHECKING:
    from export.int8._export import Request

console = Console(stderr=True)


def int8(
    model: Annotated[Path, typer.Argument(help="Model directory in fp32.")],
    data: Annotated[Path, typer.Option(help="Folder of the pictures that it was trained on.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the model; that of the directory if left out.")
    ] = None,
    cache: Annotated[
        Path, typer.Option(help="What `python -m train` remembered of the pictures.")
    ] = Path("cache"),
    target: Annotated[
        Target, typer.Option(help="Processor: x86 takes U8S8, arm takes S8S8.")
    ] = "x86",
    reduce_range: Annotated[
        bool, typer.Option(help="Weights of 7 bits, for x86 without VNNI.")
    ] = False,
    crops: Annotated[
        int, typer.Option(min=16, help="Crops of `train` to measure on, and others to compare on.")
    ] = 256,
    most_fp32: Annotated[
        int, typer.Option(min=0, help="How many of the first layers may stay in fp32.")
    ] = 8,
    allow: Annotated[
        bool,
        typer.Option(
            help="Write it even if it fails the acceptance test, with the violations in its card."
        ),
    ] = False,
) -> None:
    """Quantise a classifier, and refuse if it does not judge as it did in fp32.

    On the test split the AUC may fall by 0.005 and one verdict in a hundred may change; a picture
    alone and in a batch may differ by 1e-3 in p_fake.
    """
    from export.int8._export import Request

    quantise(
        Request(
            model=model,
            data=data,
            cache=cache,
            out=out,
            name=name or out.resolve().name,
            scheme=Scheme(target=target, reduce_range=reduce_range),
            crops=crops,
            most_fp32=most_fp32,
            allow=allow,
        )
    )


def quantise(request: Request) -> None:
    """Quantise a classifier and say what came out.

    Args:
        request: What is to be made.

    Raises:
        QuantizationError: It is quantised already, or not good enough afterwards.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    from export.int8._export import export_int8

    info, acceptance = export_int8(request)
    console.print(
        f"{info.name} {info.version}: {info.onnx.stat().st_size / 1e6:.1f} MB,"
        f" AUC {acceptance.auc:.4f} (fp32: {acceptance.auc_fp32:.4f}),"
        f" {acceptance.changed:.2%} of {acceptance.pictures} verdicts changed",
        markup=False,
    )
    for violation in acceptance.violations():
        console.print(f"allowed: {violation}", style="yellow", markup=False)
    typer.echo(str(request.out))
