"""Going on with a scan that broke off, or whose folder has grown, from its own results.

A picture is left alone when the results hold a verdict on the same name, the same bytes (by
digest, so a changed file is noticed whatever its date) and the same settings (models, thresholds,
what counts as a face). Pictures that could not be read are tried again. New records go to the end
of the file; at the end of the scan those that they supersede are dropped. Records of pictures
that are gone stay.

In memory are about 150 bytes for each record of the file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fakeface._bounded_map import Pending
from fakeface._errors import ImageError, ReportError
from fakeface.files._walk import Found
from fakeface.images._read import digest_of_file
from fakeface.reports._files import held
from fakeface.reports._lines import drop_superseded, read_lines, upgrade
from fakeface.reports._report import Report
from fakeface.reports._row import key_of


class PreviousScan:
    """The results of a previous scan.

    Attributes:
        kept: Number of unchanged pictures so far, by verdict.
        kept_declared_ai: Number of those whose files say that AI made or changed them.
    """

    def __init__(self, report: type[Report], path: Path, settings: str) -> None:
        """Read the results, and remove an incomplete last line.

        Args:
            report: The report class that wrote them.
            path: The report; it need not exist.
            settings: Fingerprint of the current detector.

        Raises:
            ReportError: The file cannot be read, is not a report, or another scan is writing it.
        """
        self.kept: Counter[str] = Counter()
        self.kept_declared_ai = 0
        self._report = report
        self._journal = report.journal(path)
        self._known: dict[bytes, tuple[bytes, str, bool] | None] = {}
        self._superseded = False
        if self._journal.exists():
            upgrade(self._journal, report)
            with held(self._journal):
                self._read(settings)

    def _read(self, settings: str) -> None:
        whole = 0
        for end, _, row in read_lines(self._journal, self._report):
            whole = end
            key = row.key
            self._superseded = self._superseded or key in self._known
            self._known[key] = None
            if row.verdict and row.digest and row.settings == settings:
                self._known[key] = (row.digest, row.verdict.value, row.declared_ai)
        if self._journal.stat().st_size > whole:
            os.truncate(self._journal, whole)

    def __len__(self) -> int:
        """Return the number of pictures that have results."""
        return len(self._known)

    def remaining(
        self, sources: Iterable[Found], kept: Callable[[], None] | None = None
    ) -> Iterator[Found]:
        """Skip the pictures whose results are still valid.

        Args:
            sources: Paths, as from `fakeface.files._walk.walk`.
            kept: Called for every picture that is skipped.

        Yields:
            The others, in order.
        """
        for source in sources:
            if isinstance(source, Pending):
                yield source
                continue
            name = source.source if isinstance(source, ImageError) else source
            key = key_of(name)
            if key not in self._known:
                yield source
                continue
            known = self._known[key]
            if known is None or isinstance(source, ImageError) or not _same(source, known[0]):
                self._superseded = True
                yield source
                continue
            self.kept[known[1]] += 1
            self.kept_declared_ai += known[2]
            if kept is not None:
                kept()

    def tidy(self) -> None:
        """Remove superseded records; call it when the report is closed.

        Raises:
            ReportError: They could not be removed; the file is complete all the same.
        """
        if not (self._superseded and self._journal.exists()):
            return
        try:
            drop_superseded(self._journal, self._report)
        except ReportError as error:
            raise ReportError(
                error.target, f"{error.reason}; superseded records stay in it"
            ) from error


def _same(path: str, digest: bytes) -> bool:
    try:
        return bytes.fromhex(digest_of_file(path)) == digest
    except ImageError:
        return False
