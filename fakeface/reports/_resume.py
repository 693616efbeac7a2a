"""Resume a scan that was interrupted, or whose folder has grown, from its own results.

A picture is left alone when the results hold a verdict on the same file, however its path is
spelled, the same bytes (by digest, so a changed file is noticed whatever its date) and the same
settings (models, thresholds, what counts as a face). Pictures that could not be read are tried
again. New records go to the end of the file; at the end of the scan those that they supersede are
dropped. Records of pictures that are gone stay.

In memory are about 150 bytes for each record of the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fakeface._errors import ImageError, ReportError, reason_of
from fakeface.files import replacing
from fakeface.files._walk import Found
from fakeface.images._read import digest_of_file
from fakeface.reports._files import held
from fakeface.reports._jsonl import read_lines
from fakeface.reports._results import key_of
from fakeface.reports._tally import declares_ai


class PreviousScan:
    """The results of a previous scan, in a file of JSON lines."""

    def __init__(
        self, path: str | os.PathLike[str], settings: str, *, provenance: bool = False
    ) -> None:
        """Read the results, and mend their file: records can then be appended to it.

        An incomplete last line is removed.

        Args:
            path: The file; it need not exist.
            settings: Fingerprint of the current detector.
            provenance: Whether results count only where it was read what the file says of its own
                origin, which the fingerprint does not cover.

        Raises:
            ReportError: The file cannot be read, holds something else than results, or another
                scan is writing it.
        """
        self._path = Path(path)
        self._known: dict[bytes, tuple[bytes, str, bool] | None] = {}
        self._superseded = False
        self._listed: set[bytes] = set()  # folders that could not be listed, and now can
        if self._path.exists():
            with held(self._path):
                self._read(settings, provenance)

    def _read(self, settings: str, provenance: bool) -> None:
        end = 0
        for end, _, prediction in read_lines(self._path):  # noqa: B007
            key = key_of(prediction.source)
            self._superseded = self._superseded or key in self._known
            self._known[key] = None
            if prediction.error and _can_be_listed(prediction.source):
                self._listed.add(key)
                self._superseded = True
            if provenance and prediction.provenance is None:
                continue
            if prediction.verdict and prediction.digest and prediction.settings == settings:
                self._known[key] = (
                    bytes.fromhex(prediction.digest),
                    prediction.verdict.value,
                    declares_ai(prediction),
                )
        try:
            with self._path.open("rb+") as file:
                file.truncate(end)
                file.seek(max(0, end - 1))
                if file.read() not in (b"", b"\n"):
                    file.write(b"\n")
        except OSError as error:
            raise ReportError(str(self._path), reason_of(error)) from error

    def remaining(
        self, sources: Iterable[Found], kept: Callable[[str, str, bool], None] | None = None
    ) -> Iterator[Found]:
        """Skip the pictures whose results are still valid.

        Args:
            sources: Paths, as from `fakeface.files._walk.walk`.
            kept: Called for every picture that is skipped, with its path, its verdict, and whether
                its file declares that AI made or changed it.

        Yields:
            The others, in order.
        """
        for source in sources:
            key = key_of(source.source if isinstance(source, ImageError) else source)
            known = self._known.get(key)
            if known is None or isinstance(source, ImageError) or not _same(source, known[0]):
                self._superseded = self._superseded or key in self._known
                self._known[key] = None
                self._listed.discard(key)
                yield source
            elif kept is not None:
                kept(source, known[1], known[2])

    def tidy(self) -> None:
        """Remove superseded records; call it when the report is closed.

        Raises:
            ReportError: They could not be removed; the file is complete all the same.
        """
        if not (self._superseded and self._path.exists()):
            return
        try:
            with held(self._path):
                self._rewrite()
        except OSError as error:
            raise ReportError(
                str(self._path), f"{reason_of(error)}; superseded records stay in it"
            ) from error

    def _rewrite(self) -> None:
        """Write the file anew with the last record of each picture, in the order of the file.

        The old one stays until the new one is complete.
        """
        last = {key_of(line.prediction.source): line.end for line in read_lines(self._path)}
        last |= dict.fromkeys(self._listed, -1)
        with (
            replacing(self._path, permissions_of=self._path, durable=True, alone=True) as new,
            new.open("wb") as file,
        ):
            for end, raw, prediction in read_lines(self._path):
                if last[key_of(prediction.source)] == end:
                    file.write(raw.rstrip(b"\r\n") + b"\n")


def _can_be_listed(path: str) -> bool:
    try:
        os.scandir(path).close()
    except (OSError, ValueError):
        return False
    return True


def _same(path: str, digest: bytes) -> bool:
    try:
        return bytes.fromhex(digest_of_file(path)) == digest
    except ImageError:
        return False
