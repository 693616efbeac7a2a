"""Options that commands share, each described once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from fakeface._options import MAX_THREADS, SPEED, DetectorOptions
from fakeface.cli._errors import UsageError

RESULTS = "Results"
FILES = "Files"

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
    """Give a command an option for each setting of a detector, in place of `detector_options`.

    Args:
        *names: The settings, of those fields of `DetectorOptions` that have a `help` text; none
            for all of them.

    Returns:
        A decorator of commands with a parameter `detector_options`. typer sees an option for each
        setting there; the command gets them as one `DetectorOptions`. Settings that contradict
        each other raise `UsageError`.
    """
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=Annotated[
                _cli_type(str(field.type)),
                _cli_option(field.name, **field.metadata),
            ],
        )
        for field in fields(DetectorOptions)
        if field.metadata and (not names or field.name in names)
    ]

    def decorate(command: Callable[..., _R]) -> Callable[..., _R]:
        @wraps(command)
        def wrapper(**arguments: Any) -> _R:
            given = {option.name: arguments.pop(option.name) for option in options}
            try:
                detector_options = DetectorOptions(**given)
            except ValueError as error:
                raise UsageError(str(error)) from error
            return command(detector_options=detector_options, **arguments)

        hints = get_type_hints(command, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == "detector_options":
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


def _cli_option(
    name: str, *, names: tuple[str, ...] = (), **described: Any
) -> typer.models.OptionInfo:
    """Make the option of a setting; named, or typer would add a --no-... to every flag."""
    option: typer.models.OptionInfo = typer.Option(
        *(names or (f"--{name.replace('_', '-')}",)), **described
    )
    return option


def _cli_type(annotation: str) -> Any:
    """Type of a setting on the command line, where a path is a string."""
    return {
        "bool": bool,
        "float": float,
        "int": int,
        "str": str,
        "float | None": float | None,
        "int | None": int | None,
        "str | os.PathLike[str] | None": str | None,
    }[annotation]


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
        help="Threads that decode and find faces; one per processor by default.",
        rich_help_panel=SPEED,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(min=1, help="Faces scored at once.", rich_help_panel=SPEED),
]
