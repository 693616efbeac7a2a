from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from fakeface import Detector, ImageError, ReportError
from fakeface.files._remote import filesystem_of, listed, read_picture
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


ALL = [".hidden.jpg", "_x/.y/d.jpg", "a/c.jpg", "b.jpg", "no suffix", "notes", "packed.gz"]


def test_all_files_are_listed_in_order(away: SubTreeFileSystem) -> None:
    assert list(listed(away, "")) == ALL
    assert list(listed(away, "a/")) == ["c.jpg"]
    assert list(listed(away, "b.jpg")) == [""]


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
    folder: Path, away: SubTreeFileSystem, options: dict[str, list[str]], tmp_path: Path
) -> None:
    detector = Detector(make_classifier(tmp_path / "red"), whole=True)
    here = [os.path.relpath(p.source, folder) for p in detector.scan(folder, **options)]  # type: ignore[arg-type]
    there = list(listed(away, "", **options))  # type: ignore[arg-type]
    assert [name for name in there if name not in ("notes", "packed.gz")] == here
    assert len(there) < len(ALL)


def test_what_is_not_there_is_named(away: SubTreeFileSystem) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(listed(away, "nowhere"))


def test_paths_of_this_machine_need_no_file_system(folder: Path) -> None:
    for name in (str(folder), "C:/pictures", f"file://{folder}"):
        assert filesystem_of(name)[0] is None
    assert filesystem_of(f"file://{folder}")[1] == str(folder)


def test_uris_nobody_knows_are_refused() -> None:
    with pytest.raises(ReportError, match="nosuchscheme"):
        filesystem_of("nosuchscheme://bucket/folder")
    with pytest.raises(ReportError, match="s3://bucket/a b"):
        filesystem_of("s3://bucket/a b")


def test_files_are_read_or_passed_over_like_others(
    folder: Path, away: SubTreeFileSystem, tmp_path: Path
) -> None:
    detector = Detector(make_classifier(tmp_path / "red"))
    (folder / "sub").mkdir()
    for name in ALL:
        source = read_picture(away, name, f"there/{name}", named=False)
        if name in ("notes", "packed.gz"):
            assert source is None
            continue
        assert isinstance(source, io.BytesIO)
        there, here = detector.judge(source), detector.judge(str(folder / name))
        assert there.as_dict() == here.as_dict() | {"source": f"there/{name}"}
    text = read_picture(away, "notes", "notes", named=True)
    assert isinstance(text, io.BytesIO)
    assert "picture" in str(detector.judge(text).error)


def test_what_cannot_be_read_says_why(folder: Path, away: SubTreeFileSystem) -> None:
    error = read_picture(away, "gone.jpg", "gone.jpg", named=False)
    assert isinstance(error, ImageError)
    assert error.reason == "no such file or directory"
    assert isinstance(read_picture(away, "a", "a", named=True), ImageError)
