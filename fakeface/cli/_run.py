"""What `scan` and `predict` have in common: load the detector, write results, summarise, exit."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface.cli._errors import (
    FAIL_ON,
    OK,
    UNREADABLE,
    USAGE,
    UsageError,
    number_of_pictures,
    say,
)
from fakeface.cli._options import FailOn, fits
from fakeface.cli._stop import code_of
from fakeface.reports._tally import UNREADABLE as NO_VERDICT
from fakeface.reports._tally import Tally, declares_ai, outcome

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.cli._copies import Copies
    from fakeface.cli._progress import Progress
    from fakeface.reports._report import Report
    from fakeface.types import Prediction


def load_detector(
    settings: dict[str, Any], *, explain: bool | None = None, many: bool = False
) -> Detector:
    """Load the models, with Pillow's warnings turned off; warn of a poorly founded threshold.

    Args:
        settings: Arguments of `Detector`.
        explain: As of `Detector`.
        many: Whether it is for many pictures. These suit one thread for each run of the model:
            many runs on one processor each beat one run on all of them, which has parts that do
            not get faster with more.

    Raises:
        FakefaceError: The model or the provider is not available.
        UsageError: Settings contradict each other, or are out of their range.
    """
    from fakeface.cli._stop import deferred

    with deferred():  # an import that a signal tears ends in an error of its own, or ignores it
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401
        from PIL import Image  # noqa: F401

        from fakeface._detector import Detector

    quiet()
    threads = 1 if many and settings["threads"] is None else settings["threads"]
    try:
        detector = Detector(**{**settings, "threads": threads}, explain=explain)
    except ValueError as error:
        raise UsageError(str(error)) from error
    point = detector.info.point_at(detector.thresholds.fake)
    if point is not None and point.warning:
        say(f"warning: {point.warning}")
    return detector


def open_reports(
    goals: Sequence[tuple[str, Path | None]], detector: Detector, *, append: bool = False
) -> list[Report]:
    """Open the reports of a detector's predictions; `goals` are format and file of each.

    None is touched unless all can be written.
    """
    from fakeface.reports import open_report
    from fakeface.reports._files import check_writable

    for _, path in goals:
        if path is not None:
            check_writable(path)
    reports = [open_report(name, path, append=append) for name, path in goals]
    for report in reports:
        report.describe(detector)
    return reports


def quiet() -> None:
    """Turn Pillow's warnings of oddities in pictures off; those that matter are in the results."""
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Run:
    """One pass over pictures: writes and counts the results, and gives the exit code.

    Attributes:
        tally: Verdicts so far.
        before: Verdicts of a previous scan that still hold; None if there was none.
        stopped: Exit code of the signal that ended it early; None if none did.
    """

    def __init__(
        self,
        fail_on: list[FailOn] | None = None,
        frames: int = 1,
        *,
        resumed: bool = False,
        copies: Copies | None = None,
    ) -> None:
        """Start the clock; `frames` is how many are scored of a file that holds several."""
        self._frames = frames
        self._partial = 0  # files of which frames were left out
        self._skipped = 0  # files that are no pictures
        self.tally = Tally()
        self.before = Tally() if resumed else None
        self._copies = copies
        self._progress: Progress | None = None
        self.stopped: int | None = None
        self._fail_on = fail_on or []
        self._failed = False
        self._started = time.perf_counter()

    def write(
        self,
        predictions: Generator[Prediction, None, None],
        reports: Sequence[Report],
        progress: Progress | None = None,
    ) -> None:
        """Write predictions as they come; after Ctrl-C and SIGTERM the reports are complete too."""
        self._progress = progress
        with contextlib.ExitStack() as stack, contextlib.closing(predictions):
            for report in reports:
                stack.enter_context(report)
            try:
                for prediction in predictions:
                    for report in reports:
                        report.write(prediction)
                    declared_ai = declares_ai(prediction)
                    self._count(self.tally, prediction.source, outcome(prediction), declared_ai)
                    self._partial += (prediction.frames or 1) > self._frames
            except KeyboardInterrupt as stop:
                self.stopped = code_of(stop)
                for report in reports:
                    report.complete = False

    def keep(self, source: str, what: str, declared_ai: bool) -> None:
        """Count a picture of a previous scan; see `PreviousScan.remaining`."""
        assert self.before is not None
        self._count(self.before, source, what, declared_ai)

    def skip(self, _: str) -> None:
        """Count a file that is no picture."""
        self._skipped += 1
        self._advance()

    def _count(self, tally: Tally, source: str, what: str, declared_ai: bool) -> None:
        tally.count(source, what, declared_ai)
        self._failed = self._failed or fits(self._fail_on, what, declared_ai)
        if self._copies is not None:
            self._copies.consider(source, what, declared_ai)
        self._advance()

    def _advance(self) -> None:
        if self._progress is not None:
            self._progress.advance(self.tally)

    def finish(self, again: str | None = None) -> int:
        """Print a summary on standard error and return the exit code.

        Args:
            again: The command that resumes the scan, to show after Ctrl-C and SIGTERM.
        """
        both = self._summarise()
        if folders := both.by_folder():
            say(f"most fakes in {folders}")
        if self._partial:
            files = "1 file holds" if self._partial == 1 else f"{self._partial:,} files hold"
            scored = "the first was" if self._frames == 1 else f"{self._frames:,} of them were"
            say(f"{files} several frames or pages, of which {scored} scored; --frames scores more")
        if self.stopped is not None:
            say(f"interrupted; to resume: {again}" if again else "interrupted")
            return self.stopped
        copied = self._copies is None or self._copies.copy()
        if self._failed:
            return FAIL_ON
        if not copied:
            return USAGE
        return UNREADABLE if both.counts[NO_VERDICT] else OK

    def _summarise(self) -> Tally:
        """Print the counts; new ones, those from before and both apart. Returns both."""
        others = ""
        if self._skipped:
            others = f"; {self._skipped:,} other file{'' if self._skipped == 1 else 's'} skipped"
        done, before = self.tally.total, self.before
        kind = "" if before is None else "new "
        if done:
            seconds = time.perf_counter() - self._started
            speed = f" in {seconds:.1f} s ({done / seconds:.1f} a second): {self.tally}"
            say(number_of_pictures(done, kind) + speed + others)
        else:
            say(f"no {kind}picture scored{others}")
        if before is None or not before.total:
            return self.tally
        say(f"{number_of_pictures(before.total, 'unchanged ')} from before: {before}")
        both = self.tally + before
        if done:
            say(f"together {number_of_pictures(both.total)}: {both}")
        return both
