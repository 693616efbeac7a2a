from __future__ import annotations

import shlex
import sys
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from fakeface._errors import ReportError
from fakeface.cli import _options as options
from fakeface.cli._errors import UsageError, exits, say


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
    recursive: Annotated[bool, options.FILES(help="Include sub-folders.")] = True,
    glob: Annotated[
        list[str] | None,
        options.FILES(
            metavar="PATTERN",
            help="Take only files that match, such as '*.jpg' or '2024/**'; may be repeated. Files"
            " given as PATH are always taken.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        options.FILES(
            metavar="PATTERN",
            help="Skip files and sub-folders that match; may be repeated. Files given as PATH are"
            " always taken.",
        ),
    ] = None,
    follow_symlinks: Annotated[
        bool, options.FILES("--follow-symlinks", help="Follow links to folders, each folder once.")
    ] = False,
    files_from: Annotated[
        str | None,
        options.FILES(
            metavar="FILE",
            help="Also scan the paths listed in this file, one per line or each ended by NUL; - for"
            " standard input.",
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    format: options.Format = None,  # noqa: A002
    output: options.Outputs = None,
    resume: Annotated[
        Path | None,
        options.RESULTS(
            metavar="FILE",
            help="Resume from the jsonl file of a previous scan: skip pictures that have a verdict"
            " in it and are unchanged, and add the others.",
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    heatmaps: Annotated[
        bool | None,
        options.RESULTS(
            "--heatmaps/--no-heatmaps",
            help="Show heat maps in an html report; by default if the model computes them with its"
            " scores, at no cost.",
        ),
    ] = None,
    thumbnails: options.Thumbnails = options.ThumbnailSize.small,
    fail_on: options.FailOns = None,
    copy_to: Annotated[
        Path | None,
        options.RESULTS(
            metavar="FOLDER",
            help="At the end, copy the pictures with a verdict named by --where to this folder.",
        ),
    ] = None,
    where: Annotated[
        list[options.FailOn] | None,
        options.RESULTS(help="What --copy-to copies, fake by default; may be repeated."),
    ] = None,
    workers: options.Workers = None,
    batch_size: options.BatchSize = None,
    engine: Annotated[
        Engine,
        options.SPEED(
            help="Where the scan runs: in this process, or on a Ray cluster (extra `ray`), which"
            " also reads URIs such as s3://bucket/folder."
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
    on_ray = engine is Engine.ray
    if on_ray and (files_from is not None or resume is not None or copy_to is not None):
        raise UsageError("--engine ray does not go with --files-from, --resume and --copy-to")
    if where and copy_to is None:
        raise UsageError("--where says what --copy-to FOLDER copies; give that too")

    from fakeface.cli._copies import Copies
    from fakeface.cli._paths import expanded
    from fakeface.cli._progress import progress_for
    from fakeface.cli._run import Run, load_detector, open_reports
    from fakeface.cli._streams import open_list
    from fakeface.files._names import read_names
    from fakeface.files._walk import existing, walk
    from fakeface.reports import PreviousScan

    named = expanded(paths or [])
    walked: dict[str, Any] = {
        "recursive": recursive,
        "glob": glob or [],
        "exclude": exclude or [],
        "follow_symlinks": follow_symlinks,
    }
    if not on_ray:
        existing(named)
    listed = None if files_from is None else open_list(files_from)
    copies = None
    if copy_to is not None:
        copies = Copies(copy_to, where or [options.FailOn.fake], named)
    explain = heatmaps if any(name == "html" for name, _ in goals) else False
    detector = load_detector(settings, explain=explain, many=True)
    previous = (
        None
        if resume is None
        else PreviousScan(resume, detector.settings, provenance=detector.provenance)
    )
    run = Run(fail_on, detector.frames, resumed=previous is not None, copies=copies)
    predictions = None
    if on_ray:  # before the report is created: errors in the paths show here
        from fakeface import ray

        predictions = ray.scan(named, workers=workers, **walked, **settings)
    reports = open_reports(goals, detector, append=previous is not None)
    for report in reports:
        report.large_pictures = thumbnails is options.ThumbnailSize.large

    def count() -> int:
        return sum(1 for _ in walk(named, every=True, **walked))

    with progress_for(reports[0], None if listed or on_ray else count) as progress:
        if predictions is None:
            names = chain(named, read_names(listed) if listed else ())
            sources = walk(names, skipped=run.skip, **walked)
            if previous is not None:
                sources = previous.remaining(sources, run.keep)
            predictions = detector.predict_batch(sources, batch_size=batch_size, workers=workers)
        run.write(predictions, reports, progress)
    if previous is not None:
        try:
            previous.tidy()
        except ReportError as error:  # the results are complete all the same
            say(str(error))
    jsonl = next((path for name, path in goals if name == "jsonl" and path is not None), None)
    return run.finish(None if jsonl is None else _again(jsonl))


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
