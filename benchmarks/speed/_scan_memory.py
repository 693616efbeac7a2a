"""Memory of a scan over very many files, each kind of work in a new process."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks._progress import Begin
from fakeface import Detector
from fakeface.diagnostics import peak_memory
from fakeface.files import walk

CHECKPOINTS = (0.05, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the files after which memory is measured."""

_LINKS = 30_000
"""Names that one file may have; file systems allow some 65,000."""


def memory_over_files(
    model: str, root: Path, files: int, names: int, begin: Begin
) -> dict[str, Any]:
    """Measure the peak memory of a scan, and of listing files alone, over the number of files.

    Args:
        model: Name or directory of a model.
        root: An empty folder to create the files in.
        files: Tiny pictures to scan.
        names: Files to list.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Per kind of work, numbers of files and the peaks up to them in MB.
    """
    data = _tiny()
    advance = begin("memory", 3)
    _many(root / "many", data, files, per_folder=files)
    scanned = in_new_process(_watch_scan, model, root / "many", files)
    advance(1)
    _many(root / "deep", data, names, per_folder=1000)
    deep = in_new_process(_watch_walk, root / "deep", names)
    advance(1)
    shutil.rmtree(root / "deep")
    _many(root / "flat", data, names, per_folder=names)
    flat = in_new_process(_watch_walk, root / "flat", names)
    advance(1)
    return {"scan": scanned, "walk_of_folders_of_1000": deep, "walk_of_one_folder": flat}


def _tiny() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (120, 90, 80)).save(file, "JPEG")
    return file.getvalue()


def _many(folder: Path, data: bytes, count: int, per_folder: int) -> None:
    """Create many hard links to one picture."""
    original = folder
    for number in range(count):
        where = folder / f"{number // per_folder:04}"
        if number % per_folder == 0:
            where.mkdir(parents=True)
        path = where / f"{number:07}.jpg"
        if number % _LINKS == 0:
            path.write_bytes(data)
            original = path
        else:
            os.link(original, path)


def _watch_scan(model: str, folder: Path, count: int) -> list[tuple[int, float]]:
    detector = Detector(model, "cpu", whole=True)
    return _watch(detector.scan(folder), count)


def _watch_walk(folder: Path, count: int) -> list[tuple[int, float]]:
    return _watch(walk([folder]), count)


def _watch(items: Any, count: int) -> list[tuple[int, float]]:
    """Return the peak memory in MB after some of many items."""
    at = {max(1, round(count * share)) for share in CHECKPOINTS}
    seen: list[tuple[int, float]] = []
    number = 0
    for number, _ in enumerate(items, 1):
        if number in at:
            seen.append((number, peak_memory() or 0.0))
    if number != count:
        raise ValueError(f"expected {count} files, found {number}")
    return seen


def in_new_process(function: Callable[..., Any], *words: Any) -> Any:
    """Call a function in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, words)
