"""What `scan` and `predict` have in common: load the detector, write results, summarise, exit."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Generator
from typing import TYPE_CHECKING

from fakeface.cli._errors import FAIL_ON, OK, UNREADABLE, say
from fakeface.cli._options import FailOn
from fakeface.cli._stop import code_of
from fakeface.reports._tally import UNREADABLE as NO_VERDICT
from fakeface.reports._tally import Tally

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface._options import DetectorOptions
    from fakeface.cli._progress import Progress
    from fakeface.reports._report import Report
    from fakeface.types import Prediction


def load_detector(options: DetectorOptions) -> Detector:
    """Load the models, with Pillow's warnings turned off; warn of a poorly founded threshold.

    Raises:
        FakefaceError: The model or the provider is not available.
    """
    from fakeface.cli._stop import deferred

    with deferred():  # an import that a signal tears ends in an error of its own, or ignores it
        import numpy  # noqa: F401
        import onnxruntime  # noqa: F401
        from PIL import Image  # noqa: F401

        from fakeface._detector import Detector

    quiet()
    detector = Detector.from_options(options)
    point = detector.info.point_at(detector.thresholds.fake)
    if point is not None and point.warning:
        say(f"warning: {point.warning}")
    return detector


def quiet() -> None:
    """Turn Pillow's warnings of oddities in pictures off; those that matter are in the results."""
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Run:
    """One pass over pictures: writes and counts the results, and gives the exit code.

    Attributes:
        tally: Verdicts so far, including those of a previous scan that still hold.
    """

    def __init__(self, fail_on: list[FailOn] | None, frames: int = 1) -> None:
        """Start the clock.

        Args:
            fail_on: Verdicts that make the exit code 1.
            frames: Frames that are scored of a file that holds several.
        """
        self._frames = frames
        self._partial = 0  # files of which frames were left out
        self.tally = Tally()
        self._fail_on = {NO_VERDICT if f is FailOn.error else f.value for f in fail_on or ()}
        self._fail_on_declared_ai = FailOn.declared_ai in (fail_on or ())
        self._done = 0
        self._started = time.perf_counter()
        self._stopped: int | None = None  # exit code of the signal that ended it early

    def write(
        self,
        predictions: Generator[Prediction, None, None],
        report: Report,
        progress: Progress | None = None,
    ) -> None:
        """Write predictions as they come; after Ctrl-C and SIGTERM the report is still complete.

        Raises:
            ReportError: The results cannot be written.
            BrokenPipeError: The reader of standard output is gone.
        """
        with report, contextlib.closing(predictions):
            try:
                for prediction in predictions:
                    report.write(prediction)
                    self.tally.add(prediction)
                    self._partial += (prediction.frames or 1) > self._frames
                    self._done += 1
                    if progress is not None:
                        progress.advance(self.tally)
            except KeyboardInterrupt as stop:
                self._stopped = code_of(stop)
                report.complete = False

    def _speed(self) -> str:
        if not self._done:
            return "no picture scored"
        seconds = time.perf_counter() - self._started
        pictures = "1 picture" if self._done == 1 else f"{self._done:,} pictures"
        return f"{pictures} in {seconds:.1f} s ({self._done / seconds:.1f} a second)"

    def finish(self, notes: str = "", again: str | None = None) -> int:
        """Print a summary on standard error.

        Args:
            notes: Appended to the summary.
            again: The command that resumes the scan, to show after Ctrl-C and SIGTERM.

        Returns:
            The exit code.
        """
        say(self._speed() + (f": {self.tally}" if self.tally.total else "") + notes)
        if self._partial:
            files = "1 file holds" if self._partial == 1 else f"{self._partial:,} files hold"
            scored = "the first was" if self._frames == 1 else f"{self._frames:,} of them were"
            say(f"{files} several frames or pages, of which {scored} scored; --frames scores more")
        if self._stopped is not None:
            say(f"interrupted; to resume: {again}" if again else "interrupted")
            return self._stopped
        declared = self._fail_on_declared_ai and self.tally.declared_ai
        if declared or any(self.tally.counts[what] for what in self._fail_on):
            return FAIL_ON
        return UNREADABLE if self.tally.counts[NO_VERDICT] else OK
