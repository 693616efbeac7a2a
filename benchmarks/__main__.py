"""`python -m benchmarks`: how accurate fakeface is, and how fast.

Each command imports what it needs when it runs, so that one missing extra disables that command
alone.
"""

from __future__ import annotations

import typer

from benchmarks._screenshots import screenshots
from benchmarks.accuracy._commands import accuracy, faces, leave_family_out
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
    " Everything is seeded; results are JSON and Markdown.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    accuracy, leave_family_out, groups, faces, latency, scan, serve, baselines, screenshots
):  # fmt: skip
    app.command()(command)

if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
