from __future__ import annotations

import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from fakeface._errors import ReportError
from fakeface.cli import _options as options
from fakeface.cli._errors import UsageError, exits, say
from fakeface.cli._files import Files


class Engine(str, Enum):
    """What carries a scan."""

    local = "local"
    ray = "ray"


@exits
def scan(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH…", help="Folders and pictures.")
    ] = None,
    recursive: Annotated[
        bool, typer.Option(help="Go into sub-folders.", rich_help_panel=options.FILES)
    ] = True,
    glob: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="From folders take only files like this, such as '*.jpg' or '2024/**'; may be"
            " repeated. Files named themselves are always taken.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="From folders leave out files and sub-folders like this; may be repeated. Files"
            " named themselves are always taken.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    follow_symlinks: Annotated[
        bool,
        typer.Option(
            "--follow-symlinks",
            help="Enter links to folders, each folder once.",
            rich_help_panel=options.FILES,
        ),
    ] = False,
    files_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Also take the paths in this file, one a line or each ended by NUL; - for"
            " standard input.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    model: options.Model = None,
    threshold: options.Threshold = None,
    fpr: options.Fpr = None,
    whole: options.Whole = False,
    min_face: options.MinFace = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Go on with the jsonl, csv or parquet file of an earlier scan: leave out what it"
            " holds a verdict on that is unchanged, add the rest.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    heatmaps: Annotated[
        bool | None,
        typer.Option(
            "--heatmaps/--no-heatmaps",
            help="Show in an html report what verdicts rest on; by default where it costs nothing,"
            " that is with models that give the maps themselves.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    fail_on: options.FailOns = None,
    provider: options.Provider = "auto",
    threads: options.Threads = None,
    workers: options.Workers = None,
    batch_size: options.BatchSize = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="What carries the scan: this process, or a Ray cluster (extra `ray`), which"
            " also reads URIs such as s3://bucket/folder.",
            rich_help_panel=options.SPEED,
        ),
    ] = Engine.local,
) -> int:
    """Judge every picture in folders.

    Pictures are told by their content; other files are passed over and counted. Results come in
    the order of the paths and are written as they come.

    For example: fakeface scan photos -o report.html · fakeface scan photos -o results.jsonl ·
    fakeface scan uploads --fail-on fake
    """
    from fakeface.cli._destination import destination

    goal = destination(format, output, overwrite, resume)
    if not paths and files_from is None:
        raise UsageError("name a folder or a picture, or give --files-from")
    if engine is Engine.ray and (files_from is not None or resume is not None):
        raise UsageError("--engine ray does not go with --files-from or --resume")

    from fakeface.files._walk import existing

    named = (paths or []) if engine is Engine.ray else existing(paths or [])
    files = Files(named, files_from, recursive, glob or [], exclude or [], follow_symlinks)

    from fakeface.cli._judge import Run, load_detector
    from fakeface.cli._progress import progress_for
    from fakeface.reports import format_of, open_report
    from fakeface.reports._resume import PreviousScan

    explain = heatmaps if goal.format == "html" else False
    detector = load_detector(model, provider, threads, threshold, fpr, whole, min_face, explain)
    run = Run(fail_on)
    earlier = None
    if goal.resume:
        assert goal.path is not None
        earlier = PreviousScan(format_of(goal.format), goal.path, detector.settings)
    predictions = None
    if engine is Engine.ray:  # before the report is begun: what is wrong with the paths shows here
        from fakeface import ray

        predictions = ray.scan(
            paths or [],
            recursive=recursive,
            glob=glob or [],
            exclude=exclude or [],
            follow_symlinks=follow_symlinks,
            workers=workers,
            model=model,
            provider=provider,
            threshold=threshold,
            fpr=fpr,
            whole=whole,
            min_face=detector.min_face,
        )
    report = open_report(goal.format, goal.path, append=goal.resume)
    report.describe(detector)
    countable = files_from is None and engine is Engine.local
    with progress_for(report, files.count if countable else None) as progress:
        advance = progress.advance if progress else None
        if predictions is None:
            sources = files.walk(advance)
            if earlier is not None:
                sources = earlier.remaining(sources, advance)
            predictions = detector.predict_batch(sources, batch_size=batch_size, workers=workers)
        run.write(predictions, report, progress)
    notes = ""
    if earlier is not None:
        try:
            earlier.tidy()
        except ReportError as error:  # the results are whole all the same
            say(str(error))
        run.tally.counts.update(earlier.kept)
        notes += f"; {earlier.kept.total():,} unchanged since the earlier scan"
    if files.passed_over:
        plural = "" if files.passed_over == 1 else "s"
        notes += f"; {files.passed_over:,} other file{plural} passed over"
    again = _again(goal.path) if goal.path is not None and goal.resumable else None
    return run.finish(notes, again)


def _again(path: Path) -> str:
    """The command that goes on with a scan: this one, resuming from its results."""
    words = iter(sys.argv[2:])
    kept: list[str] = []
    for word in words:
        if word == "--":  # paths follow, whatever they begin with
            kept += [word, *words]
        elif word in ("-o", "--output", "--resume"):
            next(words, None)
        elif word != "--overwrite" and not word.startswith(("-o", "--output=", "--resume=")):
            kept.append(word)
    return shlex.join(["fakeface", "scan", "--resume", str(path), *kept])
