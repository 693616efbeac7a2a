"""`python -m export int8`: from an fp32 model directory to an int8 one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from export._options import CacheOption, NameOption, OutOption
from export.int8._quantize import Target
from train.command_line import console

if TYPE_CHECKING:
    from export.int8._request import Request


def int8(
    model: Annotated[Path, typer.Argument(help="Model directory in fp32.")],
    data: Annotated[
        Path, typer.Option(help="Folder of the pictures that the model was trained on.")
    ],
    out: OutOption,
    name: NameOption = None,
    cache: CacheOption = Path("cache"),
    target: Annotated[
        Target, typer.Option(help="Processor: x86 gets U8S8, arm gets S8S8.")
    ] = "x86",
    reduce_range: Annotated[
        bool, typer.Option(help="Weights of 7 bits, for x86 without VNNI.")
    ] = False,
    crops: Annotated[
        int, typer.Option(min=16, help="Crops of `train` to fit ranges and weights on.")
    ] = 64,
    most_fp32: Annotated[
        int,
        typer.Option(
            "--most-float",
            min=0,
            help="How many layers may stay in fp32, the most sensitive first.",
        ),
    ] = 8,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Minutes to look for sensitive layers, where too many verdicts would change; no"
            " limit if left out.",
        ),
    ] = None,
    allow: Annotated[
        bool,
        typer.Option(
            help="Write the model even if it fails the acceptance test; its card then says so."
        ),
    ] = False,
) -> None:
    """Quantise a classifier to int8, and reject the result unless it is as accurate.

    On the test split the AUC may fall by 0.005 and 1 % of the verdicts may change; p_fake of a
    picture alone and in a batch may differ by 1e-3. Minutes on two cores for a network like
    `edge`; progress and the time left go to standard error, on a terminal as bars, elsewhere as a
    line every 30 seconds.
    """
    from export.int8._request import Request

    quantise_and_report(
        Request(
            model=model,
            data=data,
            cache=cache,
            out=out,
            name=name or out.resolve().name,
            target=target,
            reduce_range=reduce_range,
            crops=crops,
            most_fp32=most_fp32,
            allow=allow,
            minutes=minutes,
        )
    )


def quantise_and_report(request: Request) -> None:
    """Quantise a classifier, print the comparison, and the directory written.

    Args:
        request: What to quantise, and how.

    Raises:
        QuantizationError: The model is quantised already, or failed the acceptance test.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    from export.int8._export import export_int8

    info, acceptance = export_int8(request)
    console.print(
        f"{info.name} {info.version}, {info.onnx.stat().st_size / 1e6:.1f} MB: AUC"
        f" {acceptance.auc:.4f} (fp32: {acceptance.auc_fp32:.4f}), {acceptance.changed:.2%} of"
        f" {acceptance.pictures} verdicts changed",
        markup=False,
        soft_wrap=True,
    )
    for violation in acceptance.violations():
        console.print(f"allowed: {violation}", style="yellow", markup=False, soft_wrap=True)
    typer.echo(str(request.out))
