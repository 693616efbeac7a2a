from __future__ import annotations

import json
from typing import Annotated

import typer

from fakeface.cli._errors import OK, exits

WHICH = (
    "edge is for folders and servers; large is right more often, above all about new generators,"
    " and takes several times as long."
)
"""When to use which model."""


@exits
def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Show versions, models, providers and the picture formats that can be read here."""
    from fakeface.diagnostics import installed

    facts = installed()
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return OK
    for name, version in facts["versions"].items():
        typer.echo(f"{name:<12} {version}")
    typer.echo(f"{'providers':<12} {', '.join(facts['providers'])}")
    typer.echo(f"{'formats':<12} {', '.join(facts['formats'])}")
    typer.echo(f"{'trust list':<12} the C2PA's of {facts['trust_list']}, for content credentials")
    for model in facts["models"]:
        there = "" if model["here"] else f", not here: `fakeface get {model['name']}` fetches it"
        typer.echo(
            f"{'model':<12} {model['name']} {model['version']}{' (default)' * model['default']},"
            f" {model['megabytes']} MB, faces at {model['input']} px{there}"
        )
        thresholds = model["thresholds"]
        typer.echo(
            f"{'':<12}   fake from p_fake {thresholds['fake']:.3f}, real below"
            f" {thresholds['real']:.3f}"
        )
        for point in model["operating_points"]:
            typer.echo(
                f"{'':<12}   --fpr {point['fpr']:g}: fake from p_fake {point['threshold']:.3f}"
                f" ({point['fitted_on']})"
            )
            if (rates := point["rates"]) is not None:
                new = (
                    "origins that it does not know" if rates["on"] == "unseen" else "the test data"
                )
                typer.echo(
                    f"{'':<12}     flags {rates['fpr']:.1%} of the photographs and"
                    f" {rates['tpr']:.0%} of the AI pictures of {new}"
                )
            if (low_high := point.get("interval")) is not None:
                low, high = low_high
                typer.echo(
                    f"{'':<12}     of its {point['photographs']:,} photographs {low:.1%} to"
                    f" {high:.1%} (95 % interval)"
                )
    typer.echo(f"{'':<12} {WHICH}")
    return OK
