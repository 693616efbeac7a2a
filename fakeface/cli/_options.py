"""Options that commands share, each described once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from fakeface._processors import MAX_THREADS
from fakeface.types._box import MIN_FACE

VERDICTS, ORIGIN, SPEED = "Verdicts", "Origin of the file", "Speed"
RESULTS, FILES = "Results", "Files"
"""Panels of the help."""

_R = TypeVar("_R")


class FailOn(str, Enum):
    """What can make the exit code 1."""

    fake = "fake"
    uncertain = "uncertain"
    no_face = "no_face"
    too_small = "too_small"
    error = "error"
    declared_ai = "declared-ai"


class ThumbnailSize(str, Enum):
    """How large the pictures in an html report are."""

    small = "small"
    large = "large"


def takes_detector_options(*names: str) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Give a command the options for settings of a detector, in place of its `settings`.

    Args:
        *names: The settings, of the fields of `Settings`; none for all of them.

    Returns:
        A decorator of commands with a parameter `settings`. typer sees an option for each setting
        there; the command gets them as arguments of `Detector`.
    """
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(Settings, name), annotation=hint
        )
        for name, hint in get_type_hints(Settings, include_extras=True).items()
        if not names or name in names
    ]

    def decorate(command: Callable[..., _R]) -> Callable[..., _R]:
        @wraps(command)
        def wrapper(**arguments: Any) -> _R:
            settings = {option.name: arguments.pop(option.name) for option in options}
            return command(settings=settings, **arguments)

        hints = get_type_hints(command, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == "settings":
                parameters += options
            else:
                parameters.append(
                    parameter.replace(
                        kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[parameter.name]
                    )
                )
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


class Settings:
    """The arguments of `Detector` that commands have options for, with its defaults."""

    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="NAME|DIR",
            help="Bundled model, or directory of a model; `fakeface info` lists the bundled ones."
            " auto: edge or edge-int8, whichever suits this processor.",
            rich_help_panel=VERDICTS,
        ),
    ] = None
    provider: Annotated[
        str,
        typer.Option(
            "--provider",
            help="Where the model runs: auto, cpu, cuda, … (`fakeface info` lists them).",
            rich_help_panel=SPEED,
        ),
    ] = "auto"
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads",
            min=1,
            max=MAX_THREADS,
            help="Threads of the model; by default one per processor, but 1 for scan and serve,"
            " where pictures are then scored side by side.",
            rich_help_panel=SPEED,
        ),
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            min=0,
            max=1,
            help="Call a face fake at this p_fake and above, real below; nothing is uncertain.",
            rich_help_panel=VERDICTS,
        ),
    ] = None
    fpr: Annotated[
        float | None,
        typer.Option(
            "--fpr",
            help="Use the model's threshold for this false positive rate, such as 0.01.",
            rich_help_panel=VERDICTS,
        ),
    ] = None
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="Treat every picture as already cropped to one face; do not look for faces.",
            rich_help_panel=VERDICTS,
        ),
    ] = False
    min_face: Annotated[
        float,
        typer.Option(
            "--min-face",
            metavar="PIXELS",
            min=0,
            help="Leave faces with a longer side below this unscored (too_small).",
            rich_help_panel=VERDICTS,
        ),
    ] = MIN_FACE
    frames: Annotated[
        int,
        typer.Option(
            "--frames",
            min=1,
            help="Score this many frames or pages of a file that holds several; the most suspicious"
            " counts.",
            rich_help_panel=VERDICTS,
        ),
    ] = 1
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Decode large JPEG pictures in full, so that a file and an array of the same"
            " pixels get the same score; slower.",
            rich_help_panel=VERDICTS,
        ),
    ] = False
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance/--no-provenance",
            help="Read what files say of their own origin: content credentials, and metadata of"
            " cameras and generators. Verdicts do not depend on it.",
            rich_help_panel=ORIGIN,
        ),
    ] = True
    trust_list: Annotated[
        str | None,
        typer.Option(
            "--trust-list",
            metavar="PEM",
            envvar="FAKEFACE_TRUST_LIST",
            help="Certificates of the signers of content credentials to be trusted, in place of the"
            " C2PA's trust list.",
            rich_help_panel=ORIGIN,
        ),
    ] = None


Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, html, json, jsonl, csv or parquet; by default from the suffix of"
        " the -o file, else table.",
        rich_help_panel=RESULTS,
    ),
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the results to this file instead of standard output; may be repeated, such as"
        " -o a.jsonl -o a.html.",
        rich_help_panel=RESULTS,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace results that exist.", rich_help_panel=RESULTS),
]
Thumbnails = Annotated[
    ThumbnailSize,
    typer.Option(
        help="Pictures in an html report: small, of 320 px (176 px after the first 250), or large,"
        " with another of 1,280 px for details, some 200 kB each.",
        rich_help_panel=RESULTS,
    ),
]
FailOns = Annotated[
    list[FailOn] | None,
    typer.Option(
        "--fail-on",
        help="Exit with 1 if any picture gets this verdict, or declares that AI made or changed it;"
        " may be repeated.",
        rich_help_panel=RESULTS,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAX_THREADS,
        help="Threads that judge pictures; one per processor by default.",
        rich_help_panel=SPEED,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(min=1, help="Faces scored at once.", rich_help_panel=SPEED),
]
