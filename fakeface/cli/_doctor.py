from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakeface.cli import _options as options
from fakeface.cli._errors import FAIL_ON, OK, exits, say

if TYPE_CHECKING:
    from fakeface.diagnostics._doctor import Examination


@exits
@options.takes_detector_options("model", "provider", "threads")
def doctor(
    *,
    settings: dict[str, Any],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check this installation, and say how to fix each problem.

    Checks the installed packages and the SHA-256 of the models, scores a few bundled pictures on
    the chosen provider, and compares with the scores recorded when each model was exported. Exits
    with 1 if there is a problem.
    """
    from fakeface.diagnostics._doctor import examine
    from fakeface.reports._record import in_utf8

    examination = examine(**settings)
    if as_json:
        typer.echo(json.dumps(in_utf8(examination.as_dict()), indent=2))
    else:
        _show(examination)
    count = examination.problems
    say(f"{count} problem{'' if count == 1 else 's'}" if count else "all is well")
    return FAIL_ON if count else OK


def _show(examination: Examination) -> None:
    from fakeface._text import printable

    machine = examination.environment
    if machine is not None:
        cpu = machine["cpu"]
        features = " ".join(cpu["features"]) or "features unknown"
        typer.echo(", ".join(f"{name} {v}" for name, v in machine["versions"].items()))
        typer.echo(machine["system"])
        typer.echo(f"{cpu['model']}, {cpu['processors']} processors, {features}")
        typer.echo(f"providers {', '.join(machine['providers'])}\n")
    width = max(len(finding.about) for finding in examination.findings)
    for finding in examination.findings:
        colour = {"ok": "green", "note": None, "problem": "red"}[finding.state.value]
        state = typer.style(f"{finding.state.value:<7}", fg=colour)
        typer.echo(f"{state}  {finding.about:<{width}}  {printable(finding.says)}")
        if finding.remedy:
            typer.echo(f"{'':<7}  {'':<{width}}  -> {printable(finding.remedy)}")
