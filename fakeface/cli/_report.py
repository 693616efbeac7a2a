from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeface._errors import ReportError
from fakeface.cli import _options as options
from fakeface.cli._errors import OK, UsageError, exits, number_of_pictures, say
from fakeface.cli._progress import progress_for
from fakeface.cli._run import Run, quiet

if TYPE_CHECKING:
    from fakeface._settings import Settings
    from fakeface.reports import EarlierScans


@exits
def report(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULTS…", help="Results of scans: jsonl, json or parquet files."),
    ],
    output: Annotated[
        Path,
        options.RESULTS("--output", "-o", metavar="FILE", help="Write the report to this file."),
    ],
    compare: Annotated[
        bool,
        options.RESULTS(
            "--compare",
            help="Show what changed from the first file to the second, such as between two models.",
        ),
    ] = False,
    thumbnails: options.Thumbnails = options.ThumbnailSize.small,
    model: Annotated[
        str | None,
        options.RESULTS(
            metavar="MODEL",
            help="Directory of the model that gave the results, for its thresholds and figures;"
            " bundled models are recognised.",
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
    from fakeface.cli._paths import expanded

    results = [Path(path) for path in expanded(map(str, results))]
    if compare and len(results) != 2:
        raise UsageError(f"--compare takes two files of results, got {len(results)}")
    ((name, _),) = destinations(format, [output], overwrite)
    if compare and name != "html":
        raise UsageError(f"--compare makes html reports, not {name}")
    for path in results:
        if path.resolve() == output.resolve():
            raise ReportError(str(output), "is one of the files to read; name another one")

    from fakeface.reports import EarlierScans, open_report
    from fakeface.reports._html import HtmlReport

    before = EarlierScans(results[:1]) if compare else None
    scans = EarlierScans(results[1:] if compare else results)
    if scans.repeated:
        say(
            f"{scans.repeated:,} pictures are in several of the files; the last result of each"
            " counts" + (" (--compare shows what changed)" if len(results) == 2 else "")
        )
    settings = _settings(scans, model)
    quiet()
    out = open_report(name, output)
    out.large_pictures = thumbnails is options.ThumbnailSize.large
    gone: Counter[str] = Counter()
    if isinstance(out, HtmlReport):
        out.describe_earlier(scans, settings, before)
        gone = out.gone
    run = Run()
    with progress_for(out, scans.__len__) as progress:
        run.write(iter(scans), [out], progress)
    counts = f": {run.tally}" if run.tally.total else ""
    say(f"{number_of_pictures(run.tally.total)}{counts}")
    if run.stopped:
        say("interrupted")
    if without := gone.total():
        files = "1 picture is" if without == 1 else f"{without:,} pictures are"
        say(
            f"{files} shown without a preview: {gone['missing']:,} not found, {gone['changed']:,}"
            f" changed since, {gone['unreadable']:,} no longer readable"
            + ("; run this in the folder of the scan" if gone["missing"] else "")
        )
    return run.stopped or OK


def _settings(scans: EarlierScans, model: str | None) -> Settings | None:
    """Recognise the settings of results among those of the bundled models and the one named."""
    from fakeface._model import MODELS, bundled_models, find_model, read_model
    from fakeface._optional_models import optional_models
    from fakeface._settings import recognise

    models = [read_model(MODELS / name) for name in (*bundled_models(), *optional_models())]
    if model is not None:
        models.insert(0, read_model(find_model(model)))
    return recognise(scans.fingerprint, models)
