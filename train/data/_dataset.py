"""Labelled pictures: class, origin, split and face box.

A folder is either `AI/` and `Real/` with sub-folders as origins (also below `train/`, `val/` and
`test/`), or has a `manifest.csv`. Everything that would spoil a training is found here, before
anything is computed: an empty class, files that are no pictures, the same picture in two splits,
or in both classes. Samples have no pixels; `train.data._locate.locate` says where the faces are.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from fakeface.reports import printable
from train.data._cache import Cache, digests
from train.data._folder import read_folder
from train.data._sample import CLASSES, SPLITS, Sample
from train.data._splits import SPLIT_SEED, complete_splits, without_leaks
from train.errors import DataError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Data:
    """A labelled set of pictures.

    Attributes:
        root: The data folder.
        samples: The samples, ordered by name.
        notes: What was found and what was done about it, one line each.
    """

    root: Path
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()

    def split(self, *splits: str) -> list[Sample]:
        """Return the samples of one split or of several, ordered by name."""
        return [sample for sample in self.samples if sample.split in splits]

    def only(self, origins: Iterable[str]) -> Data:
        """Keep the samples of some origins.

        Raises:
            DataError: There is no such source.
        """
        wanted = set(origins)
        if unknown := wanted - {sample.origin for sample in self.samples}:
            known = ", ".join(sorted({sample.origin for sample in self.samples}))
            raise DataError(f"no source {', '.join(sorted(unknown))} here; there are: {known}")
        return self._keep(lambda sample: sample.origin in wanted)

    def without_split(self, splits: Iterable[str]) -> Data:
        """Keep the samples of all other splits."""
        return self._keep(lambda sample: sample.split not in splits)

    def limited(self, most: int) -> Data:
        """Keep at most so many samples per origin and split, for quick tests."""
        seen: Counter[tuple[int, str, str]] = Counter()

        def keep(sample: Sample) -> bool:
            key = (sample.label, sample.origin, sample.split)
            seen[key] += 1
            return seen[key] <= most

        by_digest = sorted(self.samples, key=lambda sample: sample.digest)
        kept = {sample.name for sample in by_digest if keep(sample)}
        return self._keep(lambda sample: sample.name in kept)

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the samples per `CLASS/source` and split."""
        table: dict[str, dict[str, int]] = {}
        for sample in sorted(self.samples, key=lambda s: (s.label, s.origin)):
            row = table.setdefault(
                f"{CLASSES[sample.label]}/{sample.origin}", dict.fromkeys(SPLITS, 0)
            )
            row[sample.split] += 1
        return table

    def fingerprint(self) -> str:
        """Return BLAKE2b-128 over content, class, origin and split of the samples, in hexadecimal.

        Names and places of files do not count: the same pictures elsewhere are the same data. Nor
        does the split `unseen`, which no training touches.
        """
        touched = (s for s in self.samples if s.split != "unseen")
        lines = sorted(f"{s.digest} {s.label} {s.split} {s.origin}" for s in touched)
        return hashlib.blake2b(_bytes("\n".join(lines)), digest_size=16).hexdigest()

    def details_fingerprint(self) -> str:
        """Return BLAKE2b-128 over boxes, families, generators and kinds of the same samples."""
        lines = sorted(
            f"{s.digest} {s.box} {s.family} {s.generator} {s.kind}"
            for s in self.samples
            if s.split != "unseen"
        )
        return hashlib.blake2b(_bytes("\n".join(lines)), digest_size=16).hexdigest()

    def check(self) -> None:
        """Check that every split that a training needs has both classes.

        Raises:
            DataError: With the class and the split.
        """
        for split in ("train", "val", "test"):
            for label, name in enumerate(CLASSES):
                if not any(s.label == label and s.split == split for s in self.samples):
                    raise DataError(
                        f"{self.root}: no {name} picture in split {split!r}; "
                        f"a training needs some of both classes in train, val and test"
                    )

    def _keep(self, keep: Callable[[Sample], bool]) -> Data:
        return replace(self, samples=tuple(s for s in self.samples if keep(s)))


def check_folder(root: Path) -> list[Sample]:
    """List a data folder without reading its pictures.

    Args:
        root: The folder.

    Returns:
        Its files, ordered by name.

    Raises:
        DataError: It is no folder, its manifest is broken, or a class is empty.
    """
    entries = read_folder(root)
    for label, name in enumerate(CLASSES):
        if not any(entry.label == label for entry in entries):
            raise DataError(f"{root}: no picture of class {name}; {_LAYOUT}")
    return entries


def load_data(root: Path, cache: Cache, seed: int = SPLIT_SEED) -> Data:
    """Read a data folder and check it.

    Pictures without a split get one: stratified by class and source, 70 % train, 10 % val, 20 %
    test, drawn with `seed`; copies and pairs stay together. Where only `val` is missing, an
    eighth of `train` becomes it.

    Args:
        root: The folder.
        cache: Where digests are remembered, so that a file is read once.
        seed: For the splits that are drawn. Everything here draws with the same one: what one
            command trains on, no other may test on.

    Returns:
        The data; unreadable files, copies and leaks between splits are left out and noted.

    Raises:
        DataError: The folder or its manifest is not what it should be, a class is empty, or the
            same file is in both classes.
    """
    entries = check_folder(root)
    found = digests([entry.path for entry in entries], cache)
    samples: list[Sample] = []
    broken: list[str] = []
    for entry, (digest, error) in zip(entries, found, strict=True):
        if digest is None:
            broken.append(f"{entry.name} ({error})")
        else:
            samples.append(replace(entry, digest=digest))
    notes = file_message("cannot be read and left out", broken)
    _refuse_both_classes(root, samples)
    samples, copies = _without_copies(samples)
    notes += file_message("copies within a split and left out", copies)
    samples, drawn = complete_splits(samples, seed)
    notes += drawn
    samples, leaks = without_leaks(samples)
    notes += file_message("also in a split that has to stay clean, and left out", leaks)
    data = Data(root, tuple(sorted(samples, key=lambda s: s.name)), tuple(notes))
    for label, name in enumerate(CLASSES):
        if not any(sample.label == label for sample in data.samples):
            why = notes[0] if broken else _LAYOUT
            raise DataError(f"{root}: no picture of class {name}; {why}")
    return data


def _bytes(text: str) -> bytes:
    """Names of folders may hold bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


_LAYOUT = "pictures belong in AI/ and Real/, or in a manifest.csv with columns path and label"


def file_message(what: str, names: list[str]) -> list[str]:
    """Return one line about a list of files: how many, and the first names."""
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{len(names)} files {what}: {printable(', '.join(names[:_SHOWN]))}{more}"]


def _refuse_both_classes(root: Path, samples: list[Sample]) -> None:
    by_digest: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_digest[sample.digest].append(sample)
    wrong = [
        " = ".join(s.name for s in same)
        for same in by_digest.values()
        if len({s.label for s in same}) > 1
    ]
    if wrong:
        raise DataError(f"{root}: {'; '.join(file_message('in both classes, AI and Real', wrong))}")


def _without_copies(samples: list[Sample]) -> tuple[list[Sample], list[str]]:
    """Keep the first of files with the same content in a split, and point pairs to it."""
    first: dict[tuple[str, str], Sample] = {}
    stands_for: dict[str, str] = {}
    for sample in samples:
        kept = first.setdefault((sample.digest, sample.split), sample)
        if kept is not sample:
            stands_for[sample.name] = kept.name
    kept_ones = [
        replace(sample, pair=stands_for[sample.pair]) if sample.pair in stands_for else sample
        for sample in first.values()
    ]
    return kept_ones, [f"{copy} = {kept}" for copy, kept in stands_for.items()]
