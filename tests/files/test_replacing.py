from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from fakeface.files import replacing


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with replacing(path, durable=True) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == {"a.json"}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as new:
        new.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == {"a.json"}


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with pytest.raises(RuntimeError), replacing(path) as new:
        new.mkdir()
        (new / "half").write_text("")
        raise RuntimeError
    assert not names(tmp_path)
    with replacing(path) as new:
        new.mkdir()
        (new / "file").write_text("")
        assert not path.exists()
    assert names(path) == {"file"}


def test_a_writer_that_goes_by_the_ending_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "a.weights.h5"
    with replacing(path, suffix=".weights.h5") as new:
        assert new.name.startswith("a.weights.h5.")
        assert new.name.endswith(".new.weights.h5")
        new.write_text("new")
    assert names(tmp_path) == {"a.weights.h5"}
    killed = tmp_path / "a.weights.h5.0123abcd.new.weights.h5"
    killed.write_text("half")
    with replacing(path, alone=True) as new:
        new.write_text("newer")
    assert not killed.exists()


def test_nothing_written_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_text() == "old"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")
def test_links_stay_links_and_permissions_are_those_asked_for(tmp_path: Path) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path.name)
    with replacing(link, permissions_of=link) as new:
        new.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    before = os.umask(0o022)
    try:
        with replacing(tmp_path / "fresh") as new:
            new.write_text("")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o644


def test_what_killed_processes_left_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "results.parquet"
    left = [tmp_path / f"results.parquet.{number:08x}.new" for number in (1, 0xABCDEF)]
    others = [tmp_path / name for name in (
        "results.parquet.new", "results.parquet.backup.new", "other.parquet.00000001.new",
    )]  # fmt: skip
    for path in (*left, *others):
        path.write_text("x")
    with replacing(target) as new:
        new.write_text("a")
    assert all(path.exists() for path in left)  # somebody may be writing them
    with replacing(target, alone=True) as new:
        new.write_text("b")
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)
    assert target.read_text() == "b"


def test_names_may_be_as_long_as_file_systems_allow(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 251 + ".jpg")
    with replacing(target, alone=True) as new:
        new.write_text("whole")
    assert names(tmp_path) == {target.name}
