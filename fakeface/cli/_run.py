"""What `scan` and `predict` have in common: load the detector, write results, summarise, exit."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from fakeface.cli._errors import FAIL_ON, OK, UNREADABLE, UsageError, say
from fakeface.cli._options import FailOn
from fakeface.cli._stop import code_of
from fakeface.reports._tally import UNREADABLE as NO_VERDICT
from fakeface.reports._tally import Tally, declares_ai, outcome

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.cli._copies import Copies
    from fakeface.cli._progress import Progress
    from fakeface.reports._report import Report
    from fakeface.types import Prediction


def load_detector(**settings: Any) -> Detector:
    """Load the models, with Pillow's warnings turned off; warn of a poorly founded threshold.

    Args:
        **settings: Arguments of `Detector`.

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
    try:
        detector = Detector(**settings)
    except ValueError as error:
        raise UsageError(str(error)) from error
    point = detector.info.point_at(detector.thresholds.fake)
    if point is not None and point.warning:
        say(f"warning: {point.warning}")
    return detector


def one_thread_a_run(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that suit many pictures: one thread for each run of the model.

    Many runs on one processor each beat one run on all of them, which has parts that do not get
    faster with more: `python -m benchmarks throughput --workers 2` measures it.

    Args:
        settings: Arguments of `Detector`; `threads` stays if it is set.
    """
    return settings if settings["threads"] is not None else {**settings, "threads": 1}


def quiet() -> None:
    """Turn Pillow's warnings of oddities in pictures off; those that matter are in the results."""
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


def pictures(number: int, kind: str = "") -> str:
    """Return a number of pictures in words, such as `1,234 new pictures`."""
    return f"{number:,} {kind}picture{'' if number == 1 else 's'}"


class Run:
    """One pass over pictures: writes and counts the results, and gives the exit code.

    Attributes:
        tally: Verdicts so far.
        before: Verdicts of a previous scan that still hold; None if there was none.
        copies: Pictures to copy when it has ended; None for none.
    """

    def __init__(
        self, fail_on: list[FailOn] | None, frames: int = 1, *, resumed: bool = False
    ) -> None:
        """Start the clock.

        Args:
            fail_on: Verdicts that make the exit code 1.
            frames: Frames that are scored of a file that holds several.
            resumed: Whether there was a previous scan.
        """
        self._frames = frames
        self._partial = 0  # files of which frames were left out
        self.tally = Tally()
        self.before = Tally() if resumed else None
        self.copies: Copies | None = None
        self._fail_on = {NO_VERDICT if f is FailOn.error else f.value for f in fail_on or ()}
        self._fail_on_declared_ai = FailOn.declared_ai in (fail_on or ())
        self._started = time.perf_counter()
        self._stopped: int | None = None  # exit code of the signal that ended it early

    def write(
        self,
        predictions: Generator[Prediction, None, None],
        reports: Sequence[Report],
        progress: Progress | None = None,
    ) -> None:
        """Write predictions as they come; after Ctrl-C and SIGTERM the reports are still complete.

        Raises:
            ReportError: The results cannot be written.
            BrokenPipeError: The reader of standard output is gone.
        """
        with contextlib.ExitStack() as stack, contextlib.closing(predictions):
            for report in reports:
                stack.enter_context(report)
            try:
                for prediction in predictions:
                    for report in reports:
                        report.write(prediction)
                    self.tally.add(prediction)
                    if self.copies is not None:
                        self.copies.consider(
                            prediction.source, outcome(prediction), declares_ai(prediction)
                        )
                    self._partial += (prediction.frames or 1) > self._frames
                    if progress is not None:
                        progress.advance(self.tally)
            except KeyboardInterrupt as stop:
                self._stopped = code_of(stop)
                for report in reports:
                    report.complete = False

    def keep(self, source: str, what: str, declared_ai: bool) -> None:
        """Count a picture of a previous scan; see `PreviousScan.remaining`."""
        assert self.before is not None
        self.before.count(source, what, declared_ai)
        if self.copies is not None:
            self.copies.consider(source, what, declared_ai)

    def finish(self, notes: str = "", again: str | None = None) -> int:
        """Print a summary on standard error.

        Args:
            notes: Appended to the summary.
            again: The command that resumes the scan, to show after Ctrl-C and SIGTERM.

        Returns:
            The exit code.
        """
        both = self._summarise(notes)
        if folders := both.by_folder():
            say(f"most fakes in {folders}")
        if self._partial:
            files = "1 file holds" if self._partial == 1 else f"{self._partial:,} files hold"
            scored = "the first was" if self._frames == 1 else f"{self._frames:,} of them were"
            say(f"{files} several frames or pages, of which {scored} scored; --frames scores more")
        if self._stopped is not None:
            say(f"interrupted; to resume: {again}" if again else "interrupted")
            return self._stopped
        if self.copies is not None:
            self.copies.copy()
        declared = self._fail_on_declared_ai and both.declared_ai
        if declared or any(both.counts[what] for what in self._fail_on):
            return FAIL_ON
        return UNREADABLE if both.counts[NO_VERDICT] else OK

    def _summarise(self, notes: str) -> Tally:
        """Print the counts; new ones, those from before and both apart. Returns both."""
        done, before = self.tally.total, self.before
        kind = "" if before is None else "new "
        if done:
            seconds = time.perf_counter() - self._started
            speed = f" in {seconds:.1f} s ({done / seconds:.1f} a second): {self.tally}"
            say(pictures(done, kind) + speed + notes)
        else:
            say(f"no {kind}picture scored{notes}")
        if before is None or not before.total:
            return self.tally
        say(f"{pictures(before.total, 'unchanged ')} from before: {before}")
        both = self.tally + before
        if done:
            say(f"together {pictures(both.total)}: {both}")
        return both
