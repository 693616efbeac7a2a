"""For people at a terminal: a line a picture as it comes, and the totals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from fakeface._errors import ReportError
from fakeface._text import printable
from fakeface.reports._report import Report, open_text, reason_of
from fakeface.reports._tally import LABELS, UNREADABLE, Tally, outcome
from fakeface.types import Prediction

STYLES: dict[str, str] = {
    "fake": "bold red",
    "uncertain": "yellow",
    "real": "green",
    "too_small": "dim",
    "no_face": "dim",
    UNREADABLE: "magenta",
}
"""Colours of the outcomes; the words say the same without them."""

_BAR = 10
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class TableReport(Report):
    """Writes a line a picture, coloured on a terminal, and the totals.

    Attributes:
        console: Where it prints; a progress bar may share it.
    """

    def __init__(self, console: Console, stream: IO[str] | None = None) -> None:
        """Print on a console.

        Args:
            console: The console.
            stream: The console's file, to be closed in the end; None leaves it open.
        """
        self.console = console
        self._stream = stream
        self._tally = Tally()
        self._closed = False
        self.on_terminal = console.is_terminal

    @classmethod
    def on_stdout(cls) -> TableReport:
        """Begin a table on standard output."""
        return cls(Console(file=sys.stdout, highlight=False, markup=False, emoji=False))

    @classmethod
    def to_file(cls, path: Path, *, append: bool = False) -> TableReport:  # noqa: ARG003
        """Begin a table in a file, without colours."""
        stream = open_text(path)
        console = Console(
            file=stream, highlight=False, markup=False, emoji=False, no_color=True, width=100
        )
        return cls(console, stream)

    def write(self, prediction: Prediction) -> None:
        """Print one prediction."""
        if not self._tally.total:
            self._print(Text("verdict     p_fake              faces  picture", "bold"))
        self._tally.add(prediction)
        self._print(self._line(prediction))

    def close(self) -> None:
        """Print the totals."""
        if self._closed:
            return
        self._closed = True
        if self._tally.total:
            self._print(self._totals())
        if self._stream is not None:
            self._stream.close()

    def _line(self, prediction: Prediction) -> Text:
        what = outcome(prediction)
        line = Text(f"{LABELS[what]:<10}  ", STYLES[what])
        if prediction.error is not None:
            line.append(" " * 27, "none")
            line.append(printable(prediction.source), "none")
            line.append(f": {printable(prediction.error)}")
            return line
        if prediction.p_fake is None:
            line.append(" " * 18)
        else:
            # no score is certain, and none is shown as if it were
            line.append(f"{min(max(prediction.p_fake, 0.001), 0.999):.3f}  ")
            line.append(self._bar(prediction.p_fake))
            line.append(" ")
        line.append(f"{len(prediction.faces):>7}  ", "none")
        line.append(printable(prediction.source), "none")
        return line

    def _bar(self, p_fake: float) -> str:
        if not self.console.encoding.lower().startswith("utf"):
            return ("#" * round(p_fake * _BAR)).ljust(_BAR)
        whole, part = divmod(round(p_fake * _BAR * 8), 8)
        return ("█" * whole + (_EIGHTHS[part] if part else "")).ljust(_BAR)

    def _totals(self) -> Text:
        line = Text("\n")
        counts = [(key, n) for key in LABELS if (n := self._tally.counts[key])]
        for at, (key, number) in enumerate(counts):
            line.append(f"{', ' if at else ''}")
            line.append(f"{number:,} {LABELS[key]}", STYLES[key])
        return line

    def _print(self, text: Text) -> None:
        try:
            self.console.print(text, soft_wrap=True)
            self.console.file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ReportError("standard output", reason_of(error)) from error
