"""A table for terminals: one line per picture as it comes, then the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from fakeface._text import printable
from fakeface.reports._report import TextReport
from fakeface.reports._tally import LABELS, UNREADABLE, Tally, outcome
from fakeface.types import Prediction, Provenance

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface._thresholds import Thresholds

STYLES: dict[str, str] = {
    "fake": "bold dark_orange",
    "uncertain": "yellow",
    "real": "dodger_blue1",
    "too_small": "dim",
    "no_face": "dim",
    UNREADABLE: "magenta",
}
"""Colours of the outcomes, distinct with every common kind of colour blindness; the words carry the
meaning without them."""

_BAR = 20
_SAYS = 22
"""Characters for what a file says of its own origin."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"


class _Console(Console):
    """Raises BrokenPipeError when the reader is gone; rich itself would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raise the error that rich is handling."""
        raise BrokenPipeError


class TableReport(TextReport):
    """Writes one line per picture, coloured on a terminal, and the totals.

    Attributes:
        console: The console that it prints on; a progress bar may share it.
    """

    _locale = True

    def __init__(self, stream: IO[str], name: str, *, owned: bool) -> None:
        """Write to an open stream, in a file without colours; see `TextReport`."""
        super().__init__(stream, name, owned=owned)
        self.console: Console = _Console(
            file=stream, highlight=False, markup=False, emoji=False, no_color=owned
        )
        self._tally = Tally()
        self._thresholds: Thresholds | None = None
        self._model = ""
        self._says = _SAYS + 2  # width of the column, with the gap behind it

    def describe(self, detector: Detector) -> None:
        """Set the thresholds that the bars and the totals show."""
        self._thresholds = detector.thresholds
        self._says = _SAYS + 2 if detector.provenance else 0
        self._model = f"{detector.info.name} {detector.info.version}"

    def _lines(self, prediction: Prediction) -> Iterator[Text]:
        if self._count == 1:
            says = "says".ljust(self._says) if self._says else ""
            yield Text(f"verdict     p_fake {' ' * _BAR}  faces  {says}picture", "bold")
        self._tally.add(prediction)
        yield self._line(prediction)
        if self.all_statements and prediction.provenance is not None:
            yield from _statements(prediction.provenance)

    def _end(self) -> Iterator[Text]:
        if self._tally.total:
            yield self._totals()

    def _print(self, texts: Iterable[Text]) -> None:
        for text in texts:
            self.console.print(text, soft_wrap=True)

    def _line(self, prediction: Prediction) -> Text:
        what = outcome(prediction)
        line = Text(f"{LABELS[what]:<10}  ", STYLES[what])
        if prediction.error is not None:
            line.append(" " * (_BAR + 16 + self._says), "none")
            line.append(printable(prediction.source), "none")
            line.append(f": {printable(prediction.error)}")
            return line
        if prediction.p_fake is None:
            line.append(" " * (_BAR + 7))
        else:
            # no score is certain, so none is shown as 0 or 1
            line.append(f"{min(max(prediction.p_fake, 0.001), 0.999):.3f}  ")
            marks = self._thresholds and (self._thresholds.real, self._thresholds.fake)
            line.append_text(self._bar(prediction.p_fake, STYLES[what], marks or ()))
        line.append(f"{len(prediction.faces):>7}  ", "none")
        if self._says:
            said = prediction.provenance
            label = "" if said is None else said.label or ("–" if self._utf else "-")
            line.append(label.ljust(self._says), "none")
        line.append(printable(prediction.source), "none")
        if prediction.frames is not None and prediction.frames > 1:
            line.append(
                f"  (frame {(prediction.frame or 0) + 1:,} of {prediction.frames:,})", "dim"
            )
        return line

    @property
    def _utf(self) -> bool:
        return self.console.encoding.lower().startswith("utf")

    def _bar(self, share: float, style: str, marks: Iterable[float] = ()) -> Text:
        """Return a bar for a fraction, with marks on its empty part."""
        if not self._utf:
            return Text(("#" * round(share * _BAR)).ljust(_BAR), style)
        whole, part = divmod(round(share * _BAR * 8), 8)
        bar = "█" * whole + (_EIGHTHS[part] if part else "")
        free = [" "] * (_BAR - len(bar))
        for mark in marks:
            place = min(int(mark * _BAR), _BAR - 1) - len(bar)
            if place >= 0:
                free[place] = "┊"
        return Text.assemble((bar, style), ("".join(free), "dim"))

    def _totals(self) -> Text:
        """Return one line per outcome with its share, and a note on verdicts."""
        lines = Text()
        for key in LABELS:
            if number := self._tally.counts[key]:
                share = number / self._tally.total
                lines.append(f"\n{LABELS[key]:<10}  ", STYLES[key])
                lines.append(f"{number:>7,}  {share:>4.0%}  ", "none")
                lines.append_text(self._bar(share, STYLES[key]))
        if number := self._tally.declared_ai:
            files = "1 file declares" if number == 1 else f"{number:,} files declare"
            lines.append(f"\n\n{files} that AI made or changed the picture.", "none")
        if self._thresholds is None:
            return lines
        lines.append(
            f"\n\n{self._model}: fake from p_fake {self._thresholds.fake:.3f},"
            f" real below {self._thresholds.real:.3f}. A verdict is a reason to look closer,"
            " not a proof.",
            "dim",
        )
        return lines


def _statements(said: Provenance) -> Iterator[Text]:
    """Return all that a file says of its own origin, a line each."""
    lines = [
        f"{statement.kind}: {statement}" + (f": {statement.detail}" if statement.detail else "")
        for statement in said.statements
    ]
    lines += [f"unreadable: {problem}" for problem in said.problems]
    if said.trailing or not lines:
        lines.append(said.says if not lines else f"{said.trailing:,} bytes behind it ignored")
    for line in lines:
        yield Text(f"{' ' * 12}the file says: {printable(line)}", "none")
