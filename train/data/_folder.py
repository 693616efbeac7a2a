"""List the files of a data folder: from `AI/` and `Real/`, or from a `manifest.csv`."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fakeface.types import Box
from train.errors import DataError

MANIFEST = "manifest.csv"
"""Name of the table that lists the pictures of a folder, where there is one."""

_BOX = ("face_x", "face_y", "face_w", "face_h")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, and its entry in the folder or manifest.

    Attributes:
        name: Path relative to the data folder, with `/`.
        path: Path of the file.
        label: Index of the class.
        origin: Where such pictures come from.
        split: The split; None where nothing is said.
        box: The face box; None where nothing is said.
        pair: Name of the file that this one was made from; None where nothing is said.
        family: What kind of generator made it; empty where nothing is said.
        generator: Which generator made it; likewise.
        kind: What kind of photograph it is; likewise.
        added: When it was added, a number that grows; 0 where nothing is said.
    """

    name: str
    path: Path
    label: int
    origin: str
    split: str | None
    box: Box | None
    pair: str | None
    family: str = ""
    generator: str = ""
    kind: str = ""
    added: int = 0


def read_folder(root: Path, classes: Sequence[str], splits: Sequence[str]) -> list[Entry]:
    """List a data folder.

    Args:
        root: The folder.
        classes: Names of the classes, in order.
        splits: Names of the splits.

    Returns:
        The files, ordered by name.

    Raises:
        DataError: It is no folder, holds no such files, or the manifest is broken.
    """
    if not root.is_dir():
        raise DataError(f"{root}: is not a folder")
    manifest = root / MANIFEST
    if manifest.is_file():
        return _from_manifest(root, manifest, classes, splits)
    entries = sorted(_from_tree(root, classes, splits), key=lambda entry: entry.name)
    if not entries:
        raise DataError(
            f"{root}: has neither {' and '.join(f'{c}/' for c in classes)} with "
            f"pictures nor a {MANIFEST}"
        )
    return entries


def _from_tree(root: Path, classes: Sequence[str], splits: Sequence[str]) -> list[Entry]:
    labels = {name.lower(): label for label, name in enumerate(classes)}
    entries = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        parts = Path(folder).relative_to(root).parts
        at = next((i for i, part in enumerate(parts) if part.lower() in labels), None)
        if at is None:
            continue
        split = next((part.lower() for part in parts[:at] if part.lower() in splits), None)
        origin = parts[at + 1] if len(parts) > at + 1 else parts[at]
        for file in files:
            if not file.startswith("."):
                path = Path(folder) / file
                name = path.relative_to(root).as_posix()
                label = labels[parts[at].lower()]
                entries.append(Entry(name, path, label, origin, split, None, None))
    return entries


def _from_manifest(
    root: Path, manifest: Path, classes: Sequence[str], splits: Sequence[str]
) -> list[Entry]:
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise DataError(f"{manifest}: has no column {', '.join(sorted(missing))}")
            entries = []
            for row in reader:
                where = f"{manifest}, line {reader.line_num}"
                entries.append(_entry(root, row, where, classes, splits))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{manifest}: {error}") from error
    if not entries:
        raise DataError(f"{manifest}: lists no pictures")
    name, times = Counter(entry.name for entry in entries).most_common(1)[0]
    if times > 1:
        raise DataError(f"{manifest}: lists {name} {times} times")
    return sorted(entries, key=lambda entry: entry.name)


def _entry(
    root: Path,
    row: dict[str, str | None],
    where: str,
    classes: Sequence[str],
    splits: Sequence[str],
) -> Entry:
    cell = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    name, label, split = cell["path"], cell["label"], cell.get("split", "")
    if not name:
        raise DataError(f"{where}: has no path")
    if label not in classes:
        raise DataError(f"{where}: label must be {' or '.join(classes)}, got {label!r}")
    if split and split not in splits:
        raise DataError(f"{where}: split must be one of {', '.join(splits)}, got {split!r}")
    return Entry(
        name,
        root / name,
        classes.index(label),
        cell.get("source") or label,
        split or None,
        _box(cell, where),
        cell.get("pair") or None,
        cell.get("family", ""),
        cell.get("generator", ""),
        cell.get("kind", ""),
        _number(cell.get("added", ""), f"{where}: added"),
    )


def _number(text: str, where: str) -> int:
    try:
        return int(text or 0)
    except ValueError as error:
        raise DataError(f"{where} must be a whole number, got {text!r}") from error


def _box(cell: dict[str, str], where: str) -> Box | None:
    numbers = [cell.get(column, "") for column in _BOX]
    if not any(numbers):
        return None
    try:
        return Box(*map(float, numbers))
    except ValueError as error:
        raise DataError(f"{where}: face box {', '.join(numbers)} is no box ({error})") from error
