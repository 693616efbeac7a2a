from __future__ import annotations

import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from fakeface._errors import ReportError
from fakeface.cli import _options as options
from fakeface.cli._errors import UsageError, exits, say
from fakeface.cli._files import Files


class Engine(str, Enum):
    """What runs a scan."""

    local = "local"
    ray = "ray"


@exits
@options.takes_detector_options()
def scan(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH…", help="Folders and pictures.")
    ] = None,
    recursive: Annotated[
        bool, typer.Option(help="Include sub-folders.", rich_help_panel=options.FILES)
    ] = True,
    glob: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Take only files that match, such as '*.jpg' or '2024/**'; may be repeated. Files"
            " given as PATH are always taken.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Skip files and sub-folders that match; may be repeated. Files given as PATH are"
            " always taken.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    follow_symlinks: Annotated[
        bool,
        typer.Option(
            "--follow-symlinks",
            help="Follow links to folders, each folder once.",
            rich_help_panel=options.FILES,
        ),
    ] = False,
    files_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Also scan the paths listed in this file, one per line or each ended by NUL; - for"
            " standard input.",
            rich_help_panel=options.FILES,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    format: options.Format = None,  # noqa: A002
    output: options.Outputs = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Resume from the jsonl file of a previous scan: skip pictures that have a verdict"
            " in it and are unchanged, and add the others.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    heatmaps: Annotated[
        bool | None,
        typer.Option(
            "--heatmaps/--no-heatmaps",
            help="Show heat maps in an html report; by default if the model computes them with its"
            " scores, at no cost.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    thumbnails: options.Thumbnails = options.ThumbnailSize.small,
    fail_on: options.FailOns = None,
    copy_to: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="At the end, copy the pictures with a verdict named by --where to this folder.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    where: Annotated[
        list[options.FailOn] | None,
        typer.Option(
            help="What --copy-to copies, fake by default; may be repeated.",
            rich_help_panel=options.RESULTS,
        ),
    ] = None,
    workers: options.Workers = None,
    batch_size: options.BatchSize = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="Where the scan runs: in this process, or on a Ray cluster (extra `ray`), which"
            " also reads URIs such as s3://bucket/folder.",
            rich_help_panel=options.SPEED,
        ),
    ] = Engine.local,
) -> int:
    """Classify every picture in folders.

    Pictures are recognised by their content; other files are skipped and counted. Results are
    written as they come, in the order of the paths.

    For example: fakeface scan photos -o results.jsonl -o report.html ·
    fakeface scan photos --resume results.jsonl · fakeface scan uploads --fail-on fake
    """
    from fakeface.cli._destination import destinations

    goals = destinations(format, output, overwrite, resume)
    if not paths and files_from is None:
        raise UsageError("name a folder or a picture, or give --files-from")
    if engine is Engine.ray and (files_from is not None or resume is not None):
        raise UsageError("--engine ray does not go with --files-from or --resume")

    if where and copy_to is None:
        raise UsageError("--where says what --copy-to FOLDER copies; give that too")
    if copy_to is not None and engine is Engine.ray:
        raise UsageError("--copy-to copies from this machine alone; leave out --engine ray")

    from fakeface.files._walk import existing

    named = (paths or []) if engine is Engine.ray else existing(paths or [])
    files = Files(named, files_from, recursive, glob or [], exclude or [], follow_symlinks)

    from fakeface.cli._progress import progress_for
    from fakeface.cli._run import Run, load_detector, one_thread_a_run
    from fakeface.reports import PreviousScan

    explain = heatmaps if any(goal.format == "html" for goal in goals) else False
    detector = load_detector(**one_thread_a_run(settings), explain=explain)
    run = Run(fail_on, detector.frames, resumed=resume is not None)
    if copy_to is not None:
        from fakeface.cli._copies import Copies

        run.copies = Copies(copy_to, where or [options.FailOn.fake], paths or [])
    previous = None if resume is None else PreviousScan(resume, detector.settings)
    predictions = None
    if engine is Engine.ray:  # before the report is created: errors in the paths show here
        from fakeface import ray

        predictions = ray.scan(
            paths or [],
            recursive=recursive,
            glob=glob or [],
            exclude=exclude or [],
            follow_symlinks=follow_symlinks,
            workers=workers,
            **settings,
        )
    reports = [goal.open() for goal in goals]
    for report in reports:
        report.describe(detector)
        report.large_pictures = thumbnails is options.ThumbnailSize.large
    countable = files_from is None and engine is Engine.local
    with progress_for(reports[0], files.count if countable else None) as progress:
        advance = progress.advance if progress else None
        if predictions is None:
            sources = files.walk(advance)
            if previous is not None:

                def kept(source: str, verdict: str, declared_ai: bool) -> None:
                    run.keep(source, verdict, declared_ai)
                    if advance is not None:
                        advance()

                sources = previous.remaining(sources, kept)
            predictions = detector.predict_batch(sources, batch_size=batch_size, workers=workers)
        run.write(predictions, reports, progress)
    if previous is not None:
        try:
            previous.tidy()
        except ReportError as error:  # the results are complete all the same
            say(str(error))
    notes = ""
    if files.skipped:
        plural = "" if files.skipped == 1 else "s"
        notes += f"; {files.skipped:,} other file{plural} skipped"
    jsonl = next((goal.path for goal in goals if goal.format == "jsonl" and goal.path), None)
    return run.finish(notes, None if jsonl is None else _again(jsonl))


def _again(path: Path) -> str:
    """Return the command that resumes this scan from its results."""
    words = iter(sys.argv[2:])
    kept: list[str] = []
    for word in words:
        if word == "--":  # only paths follow, even if they start with a dash
            kept += [word, *words]
        elif word in ("-o", "--output", "--resume"):
            next(words, None)
        elif word != "--overwrite" and not word.startswith(("-o", "--output=", "--resume=")):
            kept.append(word)
    return shlex.join(["fakeface", "scan", "--resume", str(path), *kept])
