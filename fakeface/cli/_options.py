"""Options that commands share, each described once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from fakeface._processors import MAX_THREADS
from fakeface.reports._tally import UNREADABLE
from fakeface.types._box import MIN_FACE

VERDICTS, ORIGIN, SPEED, RESULTS, FILES = (
    partial(typer.Option, rich_help_panel=name)
    for name in ("Verdicts", "Origin of the file", "Speed", "Results", "Files")
)
"""Options in panels of the help."""

_R = TypeVar("_R")


class FailOn(str, Enum):
    """What can make the exit code 1."""

    fake = "fake"
    uncertain = "uncertain"
    no_face = "no_face"
    too_small = "too_small"
    error = "error"
    declared_ai = "declared-ai"


def fits(wanted: Collection[FailOn], what: str, declared_ai: bool) -> bool:
    """Return whether a picture of this outcome (see `_tally.outcome`) was asked for."""
    name = FailOn.error if what == UNREADABLE else what
    return name in wanted or (declared_ai and FailOn.declared_ai in wanted)


class ThumbnailSize(str, Enum):
    """How large the pictures in an html report are."""

    small = "small"
    large = "large"


def takes_detector_options(*names: str) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Give a command the options for settings of a detector, in place of its `settings`.

    typer sees an option for each of these fields of `Settings` there (without names, for all of
    them); the command gets them as arguments of `Detector`.
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

        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command, eval_str=True).parameters.values():
            if parameter.name == "settings":
                parameters += options
            else:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


class Settings:
    """The arguments of `Detector` that commands have options for, with its defaults."""

    model: Annotated[
        str | None,
        VERDICTS(
            metavar="NAME|DIR",
            help="Bundled model, or directory of a model; `fakeface info` lists the bundled ones.",
        ),
    ] = None
    provider: Annotated[
        str, SPEED(help="Where the model runs: auto, cpu, cuda, … (`fakeface info` lists them).")
    ] = "auto"
    threads: Annotated[
        int | None,
        SPEED(
            min=1,
            max=MAX_THREADS,
            help="Threads of the model; by default one per processor, but 1 for scan and serve,"
            " where pictures are then scored side by side.",
        ),
    ] = None
    threshold: Annotated[
        float | None,
        VERDICTS(
            min=0,
            max=1,
            help="Call a face fake at this p_fake and above, real below; nothing is uncertain.",
        ),
    ] = None
    fpr: Annotated[
        float | None,
        VERDICTS(help="Use the model's threshold for this false positive rate, such as 0.01."),
    ] = None
    whole: Annotated[
        bool,
        VERDICTS(
            "--whole",
            help="Treat every picture as already cropped to one face; do not look for faces.",
        ),
    ] = False
    min_face: Annotated[
        float,
        VERDICTS(
            metavar="PIXELS",
            min=0,
            help="Leave faces with a longer side below this unscored (too_small).",
        ),
    ] = MIN_FACE
    frames: Annotated[
        int,
        VERDICTS(
            min=1,
            help="Score this many frames or pages of a file that holds several; the most suspicious"
            " counts.",
        ),
    ] = 1
    exact: Annotated[
        bool,
        VERDICTS(
            "--exact",
            help="Decode large JPEG pictures in full, so that a file and an array of the same"
            " pixels get the same score; slower.",
        ),
    ] = False
    provenance: Annotated[
        bool,
        ORIGIN(
            "--provenance/--no-provenance",
            help="Read what files say of their own origin: content credentials, and metadata of"
            " cameras and generators. Verdicts do not depend on it.",
        ),
    ] = True
    trust_list: Annotated[
        str | None,
        ORIGIN(
            metavar="PEM",
            envvar="FAKEFACE_TRUST_LIST",
            help="Certificates of the signers of content credentials to be trusted, in place of the"
            " C2PA's trust list.",
        ),
    ] = None


Format = Annotated[
    str | None,
    RESULTS(
        "--format",
        metavar="FORMAT",
        help="table, html, json, jsonl, csv or parquet; by default from the suffix of"
        " the -o file, else table.",
    ),
]
Outputs = Annotated[
    list[Path] | None,
    RESULTS(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the results to this file instead of standard output; may be repeated, such as"
        " -o a.jsonl -o a.html.",
    ),
]
Overwrite = Annotated[bool, RESULTS("--overwrite", help="Replace results that exist.")]
Thumbnails = Annotated[
    ThumbnailSize,
    RESULTS(
        help="Pictures in an html report: small, of 320 px (176 px after the first 250), or large,"
        " with another of 1,280 px for details, some 200 kB each."
    ),
]
FailOns = Annotated[
    list[FailOn] | None,
    RESULTS(
        "--fail-on",
        help="Exit with 1 if any picture gets this verdict, or declares that AI made or changed it;"
        " may be repeated.",
    ),
]
Workers = Annotated[
    int | None,
    SPEED(
        min=1, max=MAX_THREADS, help="Threads that judge pictures; one per processor by default."
    ),
]
BatchSize = Annotated[int | None, SPEED(min=1, help="Faces scored at once.")]
