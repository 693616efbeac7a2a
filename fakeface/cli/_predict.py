from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakeface.cli import _options as options
from fakeface.cli._errors import exits

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface._errors import ImageError
    from fakeface.types import Prediction, Source


@exits
@options.takes_detector_options()
def predict(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Pictures; - for standard input.")
    ],
    *,
    settings: dict[str, Any],
    format: options.Format = None,  # noqa: A002
    output: options.Outputs = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            help="Also draw a figure with the faces, the verdict and a heat map to this file; takes"
            " one FILE.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    fail_on: options.FailOns = None,
) -> int:
    """Classify single pictures.

    For example: fakeface predict portrait.jpg · fakeface predict portrait.jpg --explain why.png ·
    curl -s URL | fakeface predict - --format json
    """
    from fakeface.cli._destination import destinations
    from fakeface.cli._explain import Explanation
    from fakeface.cli._run import Run, load_detector
    from fakeface.cli._streams import picture_from_stdin

    goals = destinations(format, output, overwrite)
    explanation = Explanation(explain, len(files), overwrite) if explain is not None else None
    detector = load_detector(**settings, explain=explain is not None)
    run = Run(fail_on, detector.frames)
    sources = [picture_from_stdin() if name == "-" else name for name in files]
    if explanation is None:
        predictions = _predictions(detector, sources)
    else:
        predictions = explanation.watch(detector, sources[0])
    reports = [goal.open() for goal in goals]
    for report in reports:
        report.describe(detector)
        report.all_statements = True
    run.write(predictions, reports)
    return run.finish()


def _predictions(
    detector: Detector, sources: Sequence[Source | ImageError]
) -> Generator[Prediction, None, None]:
    """Classify pictures: a single one in this thread, since another would take 9 MB of its own."""
    if len(sources) > 1:
        yield from detector.predict_batch(sources)
    else:
        yield detector.judge(sources[0])
