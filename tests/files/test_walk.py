from __future__ import annotations

import codecs
import io
import ntpath
import os
import socket
import time
import tracemalloc
import unicodedata
from pathlib import Path

import pytest

from fakeface._errors import ImageError
from fakeface.files._names import read_names
from fakeface.files._sniff import is_picture
from fakeface.files._walk import _with_separator, path_filter, walk

JPEG = b"\xff\xd8\xff\xe0 and so on"


def put(root: Path, *names: str, data: bytes = JPEG) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def below(root: Path, **options: object) -> list[str]:
    return [os.path.relpath(str(p), root) for p in walk([root], **options)]  # type: ignore[arg-type]


def test_paths_come_sorted_and_the_same_each_time(tmp_path: Path) -> None:
    put(tmp_path, "b/2.jpg", "b/10.jpg", "b-c/1.jpg", "a.jpg", "b.jpg", "c/d/e.jpg")
    found = list(walk([tmp_path]))
    assert found == sorted(found)
    assert len(found) == 6
    assert below(tmp_path, recursive=False) == ["a.jpg", "b.jpg"]


def test_content_or_name_makes_a_picture_and_the_rest_is_counted(tmp_path: Path) -> None:
    put(tmp_path, "picture.txt")
    put(tmp_path, "broken.jpg", data=b"not a jpeg")
    put(tmp_path, "empty.JPEG", data=b"")
    put(tmp_path, "notes.txt", "empty", "film.mp4", data=b"\0\0\0\x18ftypisom")
    skipped: list[str] = []
    assert below(tmp_path, skipped=skipped.append) == ["broken.jpg", "empty.JPEG", "picture.txt"]
    assert len(skipped) == 3
    assert list(walk([tmp_path / "notes.txt"])) == [str(tmp_path / "notes.txt")]  # named: taken


@pytest.mark.parametrize(
    ("head", "picture"),
    [
        (b"\x89PNG\r\n\x1a\n", True),
        (b"RIFF\x24\0\0\0WEBPVP8 ", True),
        (b"RIFF\x24\0\0\0WAVEfmt ", False),
        (b"\0\0\0\x1cftypavif\0\0\0\0", True),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", True),
        (b"\0\0\0\x1cftypqt  \0\0\0\0qt  ", False),
        (b"II*\0", True),
        (b"II\0*", True),  # wrong, but Pillow reads it
        (b"\0\0\0\x18ftyphevm\0\0\0\0", True),
        (b"BM" + bytes(12) + b"\x28\0\0\0", True),
        (b"BMW is a car", False),
        (b"", False),
    ],
)
def test_signatures(head: bytes, picture: bool) -> None:
    assert is_picture(head) is picture


def test_patterns(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "B.JPG", "c.png", "2024/d.jpg", "2024/raw/e.jpg", "thumbs/f.jpg")
    assert below(tmp_path, glob=["*.jpg"]) == sorted(
        ["a.jpg", "B.JPG", "2024/d.jpg", "2024/raw/e.jpg", "thumbs/f.jpg"]
    )
    assert below(tmp_path, glob=["2024/*"]) == ["2024/d.jpg"]
    assert below(tmp_path, glob=["**/*.png"]) == ["c.png"]
    assert below(tmp_path, exclude=["thumbs/", "raw", "*.JPG"]) == ["c.png"]
    for pattern in ("2024/raw", "2024/raw/**", "2024/**/raw", "**/raw/*.jpg"):
        kept = below(tmp_path, exclude=[pattern])
        assert set(below(tmp_path)) - set(kept) == {"2024/raw/e.jpg"}


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("*.jpg", ["a.jpg", "x/a.jpg", "x/y/a.jpg", "x/y/z/a.jpg"]),
        ("x/*.jpg", ["x/a.jpg"]),
        ("x/?/a.jpg", ["x/y/a.jpg"]),
        ("X/[!a]/*", ["x/y/a.jpg", "x/y/b.png"]),
        ("x/**", ["x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/y/z/a.jpg"]),
        ("x/**/a.jpg", ["x/a.jpg", "x/y/a.jpg", "x/y/z/a.jpg"]),
        ("**/y/*.jpg", ["x/y/a.jpg"]),
        ("**/x/**/z/**", ["x/y/z/a.jpg"]),
        ("**", ["a.jpg", "x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/y/z/a.jpg"]),
        ("/*.jpg", ["a.jpg"]),
        ("./x/a.jpg", ["x/a.jpg"]),
        ("x", []),
        ("y/*.jpg", []),
        ("", []),
        ("x/[^b].jpg", ["x/a.jpg"]),
        ("x/[^a].jpg", []),
    ],
)
def test_patterns_with_a_slash_are_matched_name_by_name(
    tmp_path: Path, pattern: str, matched: list[str]
) -> None:
    put(tmp_path, "a.jpg", "x/a.jpg", "x/y/a.jpg", "x/y/b.png", "x/y/z/a.jpg")
    assert below(tmp_path, glob=[pattern]) == matched
    assert list(filter(path_filter([pattern], ()), below(tmp_path))) == matched


def test_a_pattern_that_stands_alone_is_no_list_of_letters(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.png")
    assert below(tmp_path, glob="*.png") == ["b.png"]
    assert below(tmp_path, exclude="*.png") == ["a.jpg"]


def test_patterns_choose_from_folders_and_not_among_files_that_are_named(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.png", "x/c.jpg", "x/d.png")
    named = [str(tmp_path / name) for name in ("a.jpg", "b.png", "x")]
    found = list(walk(named, glob=["*.png"], exclude=["b.*"]))
    assert found == [*named[:2], str(tmp_path / "x" / "d.png")]


def test_links(tmp_path: Path) -> None:
    put(tmp_path, "real/a.jpg")
    (tmp_path / "real" / "up").symlink_to(tmp_path)
    (tmp_path / "also").symlink_to(tmp_path / "real")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "real" / "a.jpg")
    (tmp_path / "nowhere").symlink_to("gone")
    (tmp_path / "circle").symlink_to("circle")
    assert below(tmp_path) == ["link.jpg", "real/a.jpg"]
    # every folder once, by the first name that leads to it
    assert below(tmp_path, follow_symlinks=True) == ["also/a.jpg", "link.jpg"]
    assert len(list(walk([tmp_path / "real", tmp_path / "real", tmp_path / "also"]))) == 1


def test_pipes_are_passed_on_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert below(tmp_path) == ["pipe.jpg"]


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\n\x1b[31m.jpg"
    Path(os.fsdecode(name)).write_bytes(JPEG)
    (found,) = walk([tmp_path])
    assert isinstance(found, str)
    assert os.fsencode(found) == name


def test_a_folder_that_cannot_be_listed_is_an_error_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.jpg", "locked/b.jpg", "z.jpg")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if "locked" in path:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    first, error, last = walk([tmp_path])
    assert (first, last) == (str(tmp_path / "a.jpg"), str(tmp_path / "z.jpg"))
    assert isinstance(error, ImageError)
    assert error.source == str(tmp_path / "locked")
    assert error.reason == "folder not read: permission denied"


def test_it_is_lazy_and_holds_one_folder_at_a_time(tmp_path: Path) -> None:
    for folder in range(40):
        put(tmp_path, *(f"{folder:02}/{number:03}.jpg" for number in range(100)))
    tracemalloc.start()
    try:
        files = walk([tmp_path])
        next(files)
        start = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        assert sum(1 for _ in files) == 3999
        assert tracemalloc.get_traced_memory()[1] - start < 100_000
    finally:
        tracemalloc.stop()


APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "


def test_side_cars_of_macos_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "IMG.jpg", "._real.jpg", "fork.jpg/._", ".AppleDouble/real.jpg")
    put(tmp_path, "._IMG.jpg", "__MACOSX/._IMG.jpg", ".AppleDouble/IMG.jpg", data=APPLE_DOUBLE)
    put(tmp_path, "plain.jpg", data=APPLE_DOUBLE)  # named like a picture, and like no side-car
    skipped: list[str] = []
    assert below(tmp_path, skipped=skipped.append) == [
        ".AppleDouble/real.jpg", "._real.jpg", "IMG.jpg", "fork.jpg/._", "plain.jpg",
    ]  # fmt: skip
    assert len(skipped) == 3
    side_car = str(tmp_path / "._IMG.jpg")
    assert list(walk([side_car])) == [side_car]  # named: taken


def test_what_is_no_file_counts_only_where_its_name_claims_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pipe", "pipe.jpg"):
        os.mkfifo(tmp_path / name)
    for name in ("dangling", "dangling.png", "circle", "circle.gif"):
        (tmp_path / name).symlink_to("circle" if name == "circle" else "nowhere")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "endless").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket may be no longer than 100 bytes
        server.bind("socket")
    skipped: list[str] = []
    assert below(tmp_path, skipped=skipped.append) == ["circle.gif", "dangling.png", "pipe.jpg"]
    assert len(skipped) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission_count_only_where_their_name_claims_a_picture(
    tmp_path: Path,
) -> None:
    put(tmp_path, "locked", "locked.jpg")
    for path in tmp_path.iterdir():
        path.chmod(0)
    assert below(tmp_path) == ["locked.jpg"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_are_the_same_composed_or_not(form: str, tmp_path: Path) -> None:
    name = unicodedata.normalize(form, "Ångström/été.jpg")
    put(tmp_path, name, "other.jpg")
    for pattern in ("été.jpg", "Å*/*", "ÅNGSTRÖM/**", "*é*"):
        for written in ("NFC", "NFD"):
            glob = unicodedata.normalize(written, pattern)
            assert below(tmp_path, glob=glob) == [name], (pattern, written)
            assert below(tmp_path, exclude=glob) == ["other.jpg"], (pattern, written)


def test_many_double_stars_cost_no_more_than_one() -> None:
    wanted = path_filter("/".join(["**", "a"] * 12) + "/b", ())
    deep = "/".join(["a"] * 200)
    started = time.process_time()
    assert not wanted(deep)
    assert wanted(f"{deep}/b")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**/a/**/b", "a/b", True),
        ("**/a/**/b", "x/a/y/z/b", True),
        ("**/a/**/b", "x/b", False),
        ("**/**", "a", True),
        ("a/**", "a", False),
        ("a/**/**/b", "a/b", True),
        ("a/**/c", "a/b/c/d", False),
        ("**/*.jpg", "a.jpg", True),
    ],
)
def test_double_stars(pattern: str, path: str, fits: bool) -> None:
    assert path_filter(pattern, ())(path) is fits


def test_folders_end_with_the_separator_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sep", "altsep"):
        monkeypatch.setattr(os, name, getattr(ntpath, name))
    monkeypatch.setattr(os.path, "join", ntpath.join)
    right = {"photos": "photos\\", "photos/": "photos\\", "C:": "C:.\\", "C:/a": "C:\\a\\"}
    assert {folder: _with_separator(folder) for folder in right} == right


LINES = "a.jpg\nb c.jpg\r\n\nfölder/d"
NAMES = ["a.jpg", "b c.jpg", "földer/d"]
MARKED = [codecs.BOM_UTF8 + LINES.encode(), LINES.encode("utf-16")]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"a.jpg\nb c.jpg\r\n\nd", ["a.jpg", "b c.jpg", "d"]),
        (b"a\nb.jpg\0c.jpg\0", ["a\nb.jpg", "c.jpg"]),
        (b"\xff.jpg", ["\udcff.jpg"]),
        (b"\xff\xfe.jpg\n", ["\u6a2e\u6770\ufffd"]),
        (b"", []),
        *((data, NAMES) for data in MARKED),
        (codecs.BOM_UTF16_BE + LINES.encode("utf-16-be"), NAMES),
        (codecs.BOM_UTF8, []),
        (codecs.BOM_UTF16_LE, []),
        ("\ufeffa\0b\0".encode(), ["a", "b"]),
        (b"a\0b\0c\0", ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1 << 16])
def test_lists_of_names(data: bytes, names: list[str], size: int) -> None:
    if size < 9 and b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return  # what ends a name shows only in more bytes
    stream = io.BufferedReader(Pieces(data, size), 1)  # type: ignore[type-var]
    assert list(read_names(stream)) == names


class Pieces(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._file, self._size = io.BytesIO(data), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece = self._file.read(min(self._size, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)
