"""`python -m export web`: the detector as a static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export.web._npm import PACKAGES
from train.command_line import console

_PACKED = " ".join(f"{package.name}@{package.version}" for package in PACKAGES)


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
    from export.web._site import write_site

    site = write_site(model, out, packages)
    console.print(
        f"{site.model.name} {site.model.version}, {site.size / 1e6:.1f} MB in all; look at it with"
        f" python -m http.server --bind 127.0.0.1 --directory {site.path}",
        markup=False,
        soft_wrap=True,
    )
    typer.echo(str(site.path))
