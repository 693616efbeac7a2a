from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeface._errors import ReportError
from fakeface.cli import _options as options
from fakeface.cli._errors import OK, UsageError, exits, say
from fakeface.cli._progress import progress_for
from fakeface.cli._run import quiet
from fakeface.cli._stop import code_of
from fakeface.reports._tally import Tally

if TYPE_CHECKING:
    from fakeface.reports import EarlierScans, Report
    from fakeface.reports._html import EarlierResults


@exits
def report(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULTS…", help="Results of scans: jsonl, json or parquet files."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report to this file.",
            rich_help_panel=options.RESULTS,
        ),
    ],
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="Show what changed from the first file to the second, such as between two models.",
            rich_help_panel=options.RESULTS,
        ),
    ] = False,
    thumbnails: options.Thumbnails = options.ThumbnailSize.small,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Directory of the model that gave the results, for its thresholds and figures;"
            " bundled models are recognised.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    format: options.Format = None,  # noqa: A002
    overwrite: options.Overwrite = False,
) -> int:
    """Make a report of earlier results, without scanning again.

    Several files are merged: of a picture that is in more than one, the last result counts.
    Pictures that are gone, or have changed since, are shown without a preview. Another suffix than
    .html converts the results to that format. Results hold no heat maps: a scan with
    -o scan.jsonl -o scan.html gives both.

    For example: fakeface report scan.jsonl -o report.html · fakeface report --compare old.jsonl
    new.jsonl -o changes.html
    """
    from fakeface.cli._destination import destinations

    if compare and len(results) != 2:
        raise UsageError(f"--compare takes two files of results, got {len(results)}")
    (goal,) = destinations(format, [output], overwrite)
    if compare and goal.format != "html":
        raise UsageError(f"--compare makes html reports, not {goal.format}")
    for path in results:
        if path.resolve() == output.resolve():
            raise ReportError(str(output), "is one of the files to read; name another one")

    from fakeface.reports import EarlierScans
    from fakeface.reports._html import HtmlReport
    from fakeface.reports._results import Before

    before = Before(EarlierScans(results[:1])) if compare else None
    scans = EarlierScans(results[1:] if compare else results)
    if scans.repeated:
        say(
            f"{scans.repeated:,} pictures are in several of the files; the last result of each"
            " counts" + (" (--compare shows what changed)" if len(results) == 2 else "")
        )
    known = _known(scans, model, results[0] if compare else None)
    quiet()
    out = goal.open()
    out.large_pictures = thumbnails is options.ThumbnailSize.large
    gone: Counter[str] = Counter()
    if isinstance(out, HtmlReport):
        out.describe_earlier(known, before)
        gone = out.gone
    code = _write(scans, out)
    if without := gone.total():
        files = "1 picture is" if without == 1 else f"{without:,} pictures are"
        say(
            f"{files} shown without a preview: {gone['missing']:,} not found, {gone['changed']:,}"
            f" changed since, {gone['unreadable']:,} no longer readable"
            + ("; run this in the folder of the scan" if gone["missing"] else "")
        )
    return code


def _known(scans: EarlierScans, model: str | None, before: Path | None) -> EarlierResults:
    """Return what is known of results; their model from the bundled ones, or the one named."""
    from fakeface._model import MODELS, bundled_models, find_model, read_model
    from fakeface._optional_models import optional_models
    from fakeface._settings import recognise
    from fakeface.reports._html import EarlierResults

    models = [read_model(MODELS / name) for name in (*bundled_models(), *optional_models())]
    if model is not None:
        models.insert(0, read_model(find_model(model)))
    fingerprint = next(iter(scans.settings)) if len(scans.settings) == 1 else ""
    return EarlierResults(
        files=tuple(str(path) for path in scans.paths),
        model=", ".join(sorted(scans.models)),
        settings=recognise(fingerprint, models),
        fingerprint=fingerprint,
        before=None if before is None else str(before),
    )


def _write(scans: EarlierScans, out: Report) -> int:
    """Write all results; after Ctrl-C and SIGTERM the report is complete as far as it goes."""
    code, tally = OK, Tally()
    with progress_for(out, scans.__len__) as progress, out:
        try:
            for prediction in scans:
                out.write(prediction)
                tally.add(prediction)
                if progress is not None:
                    progress.advance(tally)
        except KeyboardInterrupt as stop:
            out.complete = False
            code = code_of(stop)
    pictures = "1 picture" if tally.total == 1 else f"{tally.total:,} pictures"
    say(f"{pictures}" + (f": {tally}" if tally.total else ""))
    if code:
        say("interrupted")
    return code
