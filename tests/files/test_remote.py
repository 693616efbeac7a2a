from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fakeface import Detector, ReportError
from fakeface.files._remote import Entry, RemoteFile, entries, place
from tests._models import make_classifier
from tests.hostile._seed import seed

pytest.importorskip("pyarrow.fs", reason="needs the extra `parquet` (pyarrow)")

from pyarrow.fs import LocalFileSystem, SubTreeFileSystem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures, one of them without a suffix and two hidden, a text, and what is packed."""
    root = tmp_path / "pictures"
    for name in ("b.jpg", "a/c.jpg", "no suffix", ".hidden.jpg", "_x/.y/d.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(seed("JPEG"))
    (root / "notes").write_text("no picture")
    (root / "packed.gz").write_bytes(b"\x1f\x8b\x08 no picture")
    return root


@pytest.fixture
def away(folder: Path) -> SubTreeFileSystem:
    """The folder as a file system that is not this machine's."""
    return SubTreeFileSystem(str(folder), LocalFileSystem())


ALL = (".hidden.jpg", "_x/.y/d.jpg", "a/c.jpg", "b.jpg", "no suffix", "notes", "packed.gz")


def names(found: list[Entry]) -> list[str]:
    return [entry.name for entry in found]


def test_all_files_are_listed_in_order(folder: Path, away: SubTreeFileSystem) -> None:
    here = list(entries([place(folder)]))
    assert names(here) == [f"{folder}/{name}" for name in ALL]
    assert not any(entry.named or entry.error or entry.filesystem for entry in here)
    there = list(entries([place("", away)]))
    assert names(there) == [f"/{name}" for name in ALL]
    assert names(list(entries([place("a/", away), place("b.jpg", away)]))) == ["a/c.jpg", "b.jpg"]
    assert [entry.named for entry in entries([place("a", away), place("b.jpg", away)])] == [0, 1]
    assert [entry.named for entry in entries([place(folder / "b.jpg")])] == [True]


@pytest.mark.parametrize(
    "options",
    [
        {"recursive": False},
        {"glob": ["*.jpg"]},
        {"glob": ["a/*"]},
        {"exclude": ["_x"]},
        {"exclude": ["_X/.y"]},
        {"exclude": ["*.jpg"], "glob": ["*i*"]},
    ],
)
def test_patterns_mean_the_same_everywhere(
    folder: Path, away: SubTreeFileSystem, options: dict[str, list[str]]
) -> None:
    here = list(entries([place(folder)], **options))  # type: ignore[arg-type]
    there = list(entries([place("", away)], **options))  # type: ignore[arg-type]
    assert [os.path.relpath(e.name, folder) for e in here] == [e.name.lstrip("/") for e in there]
    assert 0 < len(here) < len(ALL)


def test_a_folder_named_twice_is_listed_once_on_this_machine(folder: Path) -> None:
    assert len(list(entries([place(folder), place(folder / "a")]))) == len(ALL)


def test_a_text_is_named_only_where_it_was_named_itself(folder: Path) -> None:
    notes = str(folder / "notes")
    found = [e.named for e in entries([place(folder), place(notes)]) if e.name == notes]
    assert found == [False, True]


def test_paths_on_this_machine_are_made_absolute_but_called_as_they_were_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (found,) = entries([place("a")])
    assert (found.name, found.path) == ("a/c.jpg", str(folder / "a" / "c.jpg"))
    (found,) = entries([place(f"file://{folder}/a")])
    assert found.filesystem is None
    assert found.name == str(folder / "a" / "c.jpg")


def test_what_is_not_there_is_named(tmp_path: Path, away: SubTreeFileSystem) -> None:
    for nowhere in (place(tmp_path / "nowhere"), place("nowhere", away)):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            list(entries([nowhere]))


def test_uris_nobody_knows_are_refused() -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ReportError, match="nosuchscheme"):
        place("nosuchscheme://bucket/folder")
    with pytest.raises(ReportError, match="s3://bucket/a b"):
        place("s3://bucket/a b")


def test_what_pyarrow_does_not_know_is_read_with_fsspec(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    archive = shutil.make_archive(str(tmp_path / "pictures"), "zip", folder)
    found = list(entries([place(f"zip://a::{archive}")]))
    assert [entry.path for entry in found] == ["a/c.jpg"]
    assert RemoteFile(found[0]).read(1 << 20) == seed("JPEG")


def test_remote_files_are_judged_or_passed_over_like_others(
    folder: Path, away: SubTreeFileSystem, tmp_path: Path
) -> None:
    detector = Detector(make_classifier(tmp_path / "red"))
    files = [RemoteFile(entry) for entry in entries([place("", away)])]
    (folder / "b.jpg").unlink()
    predictions = list(detector.predict_batch(files))  # type: ignore[arg-type]
    assert [p.source for p in predictions] == [f"/{name}" for name in ALL]
    errors = {p.source: p.error for p in predictions}
    assert [file.name for file in files if file.passed_over] == ["/notes", "/packed.gz"]
    assert errors["/b.jpg"] == "no such file or directory"
    plain = {os.path.relpath(p.source, folder): p for p in detector.scan(folder)}
    for prediction in predictions:
        if (same := plain.get(prediction.source[1:])) is not None:
            assert prediction.as_dict() == same.as_dict() | {"source": prediction.source}
    assert len(plain) == 4


def test_a_text_that_was_named_is_read(away: SubTreeFileSystem) -> None:
    (entry,) = entries([place("notes", away)])
    file = RemoteFile(entry)
    assert file.read(4) == b"no p"
    assert not file.passed_over
