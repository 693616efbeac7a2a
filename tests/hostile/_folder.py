"""A folder of everything: hostile pictures, names, links, pipes and devices."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.hostile._bombs import beside, bombs
from tests.hostile._broken import extreme, flipped, lying, odd, truncated
from tests.hostile._layouts import odd_layouts
from tests.hostile._seed import seed

NAMES = (
    b"new\nline.jpg",
    b"\x1b]0;title\x07\x1b[31mred.jpg",
    b"\xff\xfe not utf-8.jpg",
    "\u202egpj.exe".encode(),
    b"--help",
    b"-",
    b"=HYPERLINK(1).jpg",
    b"a" * 250 + b".jpg",
    b" ",
    b"%s%n{0}[red].jpg",
)
"""Names for which programs have fallen."""


def pictures() -> Iterator[tuple[str, bytes]]:
    """Every hostile picture by its path in the folder."""
    for folder, files in (
        ("beside", beside()),
        ("bombs", bombs()),
        ("extreme", extreme()),
        ("flipped", flipped()),
        ("layouts", odd_layouts()),
        ("lying", lying()),
        ("odd", odd()),
        ("truncated", truncated()),
    ):
        for name, data in files:
            yield f"{folder}/{name}", data


def make(root: Path) -> None:
    """Write the folder.

    Args:
        root: Where; made if it is not there.
    """
    for name, data in pictures():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    make_names(root / "names")
    make_specials(root / "specials")


def make_names(root: Path) -> None:
    """Write a whole picture under every one of `NAMES`."""
    root.mkdir(parents=True)
    for name in NAMES:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(seed("JPEG"))


def make_specials(root: Path) -> None:
    """Make what is no regular picture: 13 entries, of which none can be judged."""
    root.mkdir(parents=True)
    os.mkfifo(root / "pipe.jpg")
    for device in ("null", "zero", "urandom", "tty"):
        (root / f"{device}.jpg").symlink_to(f"/dev/{device}")
    (root / "process.jpg").symlink_to("/proc/self/mem")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket may be no longer than a hundred bytes
        try:
            server.bind("socket.jpg")
        finally:
            os.chdir(here)
    (root / "dangling.jpg").symlink_to("nowhere.jpg")
    (root / "circle.jpg").symlink_to("circle.jpg")
    (root / "folder.jpg").mkdir()
    (root / "folder.jpg" / "up").symlink_to("../..")
    with (root / "sparse-4-tebibytes.jpg").open("wb") as file:
        file.write(seed("JPEG")[:100])
        file.truncate(4 << 40)
    locked = root / "locked.jpg"
    locked.write_bytes(seed("JPEG"))
    locked.chmod(0)
    (root / "locked").mkdir(mode=0)
