"""List the files of a data folder: from `AI/` and `Real/`, or from a `manifest.csv`."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from fakeface.types import Box
from train.data._sample import CLASSES, SPLITS, Sample
from train.errors import DataError

MANIFEST = "manifest.csv"
"""Name of the table that lists the pictures of a folder, where there is one."""

_BOX = ("face_x", "face_y", "face_w", "face_h")


def read_folder(root: Path) -> list[Sample]:
    """List a data folder.

    Args:
        root: The folder.

    Returns:
        The files, ordered by name, without digests, and without a split where nothing is said.

    Raises:
        DataError: It is no folder, holds no such files, or the manifest is broken.
    """
    if not root.is_dir():
        raise DataError(f"{root}: is not a folder")
    manifest = root / MANIFEST
    if manifest.is_file():
        return _from_manifest(root, manifest)
    entries = sorted(_from_tree(root), key=lambda entry: entry.name)
    if not entries:
        raise DataError(
            f"{root}: has neither {' and '.join(f'{c}/' for c in CLASSES)} with "
            f"pictures nor a {MANIFEST}"
        )
    return entries


def _from_tree(root: Path) -> list[Sample]:
    labels = {name.lower(): label for label, name in enumerate(CLASSES)}
    entries = []
    seen = set()
    for folder, subfolders, files in os.walk(root, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:  # links that go round in circles
            subfolders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        parts = Path(folder).relative_to(root).parts
        at = next((i for i, part in enumerate(parts) if part.lower() in labels), None)
        if at is None:
            continue
        split = next((part.lower() for part in parts[:at] if part.lower() in SPLITS), "")
        origin = parts[at + 1] if len(parts) > at + 1 else parts[at]
        for file in files:
            if not file.startswith("."):
                path = Path(folder) / file
                name = path.relative_to(root).as_posix()
                label = labels[parts[at].lower()]
                entries.append(Sample(name, path, label, origin, split))
    return entries


def _from_manifest(root: Path, manifest: Path) -> list[Sample]:
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise DataError(f"{manifest}: has no column {', '.join(sorted(missing))}")
            entries = []
            for row in reader:
                where = f"{manifest}, line {reader.line_num}"
                entries.append(_entry(root, row, where))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{manifest}: {error}") from error
    if not entries:
        raise DataError(f"{manifest}: lists no pictures")
    name, times = Counter(entry.name for entry in entries).most_common(1)[0]
    if times > 1:
        raise DataError(f"{manifest}: lists {name} {times} times")
    return sorted(entries, key=lambda entry: entry.name)


def _entry(root: Path, row: dict[str, str | None], where: str) -> Sample:
    cell = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    name, label, split = cell["path"], cell["label"], cell.get("split", "")
    if not name:
        raise DataError(f"{where}: has no path")
    if label not in CLASSES:
        raise DataError(f"{where}: label must be {' or '.join(CLASSES)}, got {label!r}")
    if split and split not in SPLITS:
        raise DataError(f"{where}: split must be one of {', '.join(SPLITS)}, got {split!r}")
    return Sample(
        name,
        root / name,
        CLASSES.index(label),
        cell.get("source") or label,
        split,
        box=_box(cell, where),
        pair=cell.get("pair") or None,
        family=cell.get("family", ""),
        generator=cell.get("generator", ""),
        kind=cell.get("kind", ""),
        added=_number(cell.get("added", ""), f"{where}: added"),
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
