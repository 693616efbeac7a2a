from __future__ import annotations

import sys
from typing import Annotated

import typer

from fakeface.cli import _options as options
from fakeface.cli._errors import exits


@exits
def predict(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Pictures; - for standard input.")
    ],
    model: options.Model = None,
    threshold: options.Threshold = None,
    fpr: options.Fpr = None,
    whole: options.Whole = False,
    min_face: options.MinFace = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    overwrite: options.Overwrite = False,
    fail_on: options.FailOns = None,
    provider: options.Provider = "auto",
    threads: options.Threads = None,
) -> int:
    """Judge a few pictures.

    For example: fakeface predict portrait.jpg · curl -s URL | fakeface predict - --format json
    """
    from fakeface.cli._destination import destination
    from fakeface.cli._judge import Run, load_detector
    from fakeface.reports import open_report

    goal = destination(format, output, overwrite)
    detector = load_detector(model, provider, threads, threshold, fpr, whole, min_face)
    run = Run(fail_on)
    sources = (sys.stdin.buffer if name == "-" else name for name in files)
    run.write(detector.predict_batch(sources), open_report(goal.format, goal.path))
    return run.finish()
