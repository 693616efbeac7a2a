"""What `scan` and `predict` do alike: load the detector, write the results, sum up, exit."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Generator
from typing import TYPE_CHECKING

from fakeface.cli._errors import FAIL_ON, OK, UNREADABLE, UsageError, say
from fakeface.cli._options import FailOn
from fakeface.cli._stop import code_of
from fakeface.reports._tally import UNREADABLE as NO_VERDICT
from fakeface.reports._tally import Tally

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.cli._progress import Progress
    from fakeface.reports._report import Report
    from fakeface.types import Prediction


def load_detector(
    model: str | None,
    provider: str,
    threads: int | None,
    threshold: float | None,
    fpr: float | None,
    whole: bool,
    min_face: float | None,
    explain: bool | None = False,
) -> Detector:
    """Make a detector from options.

    Raises:
        FakefaceError: The model or the provider is not there.
        UsageError: The options contradict each other.
    """
    from fakeface._detector import MIN_FACE, Detector

    # Pillow warns of oddities in pictures; what matters of them is in the results.
    warnings.filterwarnings("ignore", module="PIL")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    try:
        return Detector(
            model,
            provider,
            threads,
            threshold,
            fpr=fpr,
            whole=whole,
            min_face=MIN_FACE if min_face is None else min_face,
            explain=explain,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


class Run:
    """One pass over pictures: writes, counts, and gives the exit code.

    Attributes:
        tally: What came out so far, earlier results that still hold included.
    """

    def __init__(self, fail_on: list[FailOn] | None) -> None:
        """Begin.

        Args:
            fail_on: What makes the exit code 1.
        """
        self.tally = Tally()
        self._fail_on = {NO_VERDICT if f is FailOn.error else f.value for f in fail_on or ()}
        self._judged = 0
        self._begun = time.perf_counter()
        self._stopped: int | None = None  # the exit code of what ended it early

    def write(
        self,
        predictions: Generator[Prediction, None, None],
        report: Report,
        progress: Progress | None = None,
    ) -> None:
        """Write predictions as they come; Ctrl-C and SIGTERM end it early, with a whole report.

        Raises:
            ReportError: The results cannot be written.
            BrokenPipeError: Nobody reads standard output any more.
        """
        with report, contextlib.closing(predictions):
            try:
                for prediction in predictions:
                    report.write(prediction)
                    self.tally.add(prediction)
                    self._judged += 1
                    if progress is not None:
                        progress.advance(self.tally)
            except KeyboardInterrupt as stop:
                self._stopped = code_of(stop)
                report.complete = False

    def _speed(self) -> str:
        if not self._judged:
            return "no picture judged"
        seconds = time.perf_counter() - self._begun
        pictures = "1 picture" if self._judged == 1 else f"{self._judged:,} pictures"
        return f"{pictures} in {seconds:.1f} s ({self._judged / seconds:.1f} a second)"

    def finish(self, notes: str = "", again: str | None = None) -> int:
        """Sum up on standard error.

        Args:
            notes: What else to say of the files.
            again: The command that goes on, to show after Ctrl-C and SIGTERM.

        Returns:
            The exit code.
        """
        say(self._speed() + (f": {self.tally}" if self.tally.total else "") + notes)
        if self._stopped is not None:
            say(f"interrupted; to go on: {again}" if again else "interrupted")
            return self._stopped
        if any(self.tally.counts[what] for what in self._fail_on):
            return FAIL_ON
        return UNREADABLE if self.tally.counts[NO_VERDICT] else OK
