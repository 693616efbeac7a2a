"""The commands of `python -m benchmarks`.

Each command imports what it needs when it runs, so that one missing extra disables that command
alone.
"""

from __future__ import annotations

import typer

from benchmarks.accuracy._commands import (
    accuracy,
    faces,
    page_picture,
    report_picture,
)
from benchmarks.accuracy._leave_out_commands import leave_family_out, leave_one_out
from benchmarks.baselines._commands import baselines
from benchmarks.groups._commands import groups
from benchmarks.speed._commands import latency, scan, serve
from train.command_line import CommandGroup


class _Group(CommandGroup):
    """Commands of benchmarks: values that cannot be measured are wrong usage."""

    errors = (*CommandGroup.errors, ValueError)
    extra = "bench"


app = typer.Typer(
    cls=_Group,
    help="Measure fakeface: accuracy, speed, and the alternatives. Needs the extra `bench`."
    " Everything is seeded; results are JSON, Markdown and PNG.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("accuracy")(accuracy)
app.command("leave-one-out")(leave_one_out)
app.command("leave-family-out")(leave_family_out)
app.command("groups")(groups)
app.command("faces")(faces)
app.command("report-picture")(report_picture)
app.command("page-picture")(page_picture)
app.command("latency")(latency)
app.command("scan")(scan)
app.command("serve")(serve)
app.command("baselines")(baselines)
