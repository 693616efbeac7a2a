"""Options that commands share, each described once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

JUDGING = "Judging"
RESULTS = "Results"
SPEED = "Speed"
FILES = "Files"


class FailOn(str, Enum):
    """What can make the exit code 1."""

    fake = "fake"
    uncertain = "uncertain"
    no_face = "no_face"
    too_small = "too_small"
    error = "error"


Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|DIR",
        help="Bundled model, or directory of a model; `fakeface info` lists those bundled.",
        rich_help_panel=JUDGING,
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Call fake at this p_fake and above, real below; nothing is uncertain.",
        rich_help_panel=JUDGING,
    ),
]
Fpr = Annotated[
    float | None,
    typer.Option(
        help="Call fake at the model's operating point for this false positive rate, such as 0.01.",
        rich_help_panel=JUDGING,
    ),
]
Whole = Annotated[
    bool,
    typer.Option(
        "--whole",
        help="Take every picture as one face crop; look for no face.",
        rich_help_panel=JUDGING,
    ),
]
MinFace = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="PIXELS",
        help="Do not judge faces with a longer side below this.",
        rich_help_panel=JUDGING,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, html, json, jsonl, csv or parquet; by default what the name after -o says,"
        " else table.",
        rich_help_panel=RESULTS,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the results here instead of to standard output.",
        rich_help_panel=RESULTS,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Write over results that are there.", rich_help_panel=RESULTS),
]
FailOns = Annotated[
    list[FailOn] | None,
    typer.Option(
        "--fail-on",
        help="Exit with 1 when any picture comes out so; may be repeated.",
        rich_help_panel=RESULTS,
    ),
]
Provider = Annotated[
    str,
    typer.Option(
        help="Where the model runs: auto, cpu, cuda, … (`fakeface info` lists them).",
        rich_help_panel=SPEED,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, help="Threads of the model; one per processor by default.", rich_help_panel=SPEED
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Threads that decode and find faces; one per processor by default.",
        rich_help_panel=SPEED,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(min=1, help="Faces that the model sees at once.", rich_help_panel=SPEED),
]
