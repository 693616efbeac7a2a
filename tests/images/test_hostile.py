from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fakeface import Detector, ImageError, Prediction, Verdict
from fakeface.images._decode import MAX_PIXELS, Picture
from fakeface.reports._escape import unescape
from tests.hostile._bombs import beside, bombs, many_scans
from tests.hostile._broken import extreme, flipped, lying, odd, truncated
from tests.hostile._folder import NAMES, make, make_names, make_specials
from tests.hostile._seed import KINDS, encode, face, seed

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow's, about the pictures


@pytest.fixture(scope="module")
def detector(red: str) -> Detector:
    return Detector(red)


def judge(detector: Detector, data: bytes) -> Prediction | None:
    """A prediction, or None for a picture that is refused with a reason in one line."""
    try:
        return detector.predict(data)
    except ImageError as error:
        assert error.reason
        assert str(error).isprintable()
        assert len(error.reason) < 300
        return None


@pytest.mark.parametrize("group", [bombs, lying, truncated])
def test_what_is_no_whole_picture_is_refused(detector: Detector, group: Any) -> None:
    taken = [name for name, data in group() if judge(detector, data) is not None]
    assert taken == []


def test_what_stands_beside_the_pixels_is_not_in_the_way(detector: Detector) -> None:
    refused = [name for name, data in beside() if judge(detector, data) is None]
    assert refused == []


@pytest.mark.parametrize("group", [flipped, extreme])
def test_what_may_be_a_picture_is_judged_or_refused(detector: Detector, group: Any) -> None:
    for _, data in group():
        judge(detector, data)


def test_a_face_in_a_strange_dress_gets_the_verdict_of_the_plain_one(detector: Detector) -> None:
    pictures = dict(odd())
    plain = detector.predict(pictures.pop("plain.png"))
    assert plain.p_fake is not None
    assert len(plain.faces) == 1
    refused = set()
    for name, data in pictures.items():
        try:
            other = detector.predict(data)
        except ImageError as error:
            assert "save it in 8 bits" in error.reason, name
            refused.add(name)
            continue
        assert other.verdict is plain.verdict, name
        assert other.p_fake == pytest.approx(plain.p_fake, abs=0.03), name
        assert len(other.faces) == 1, name
        assert other.faces[0].box.iou(plain.faces[0].box) > 0.9, name
    assert refused == {"lab.tif"}


def test_a_picture_of_a_hundred_scans_is_still_read() -> None:
    Picture(many_scans(count=80, side=64)).load()
    Picture(encode(face(), "JPEG", progressive=True) + b"\xff\xda" * 1000).load()  # after its end


def test_a_jpeg_of_three_pixels_width_is_decoded() -> None:
    image, scale = Picture(encode(Image.new("RGB", (3, 9000)), "JPEG")).load(8)
    assert image.size == (2, 4500)
    assert scale == 0.5


SCAN = """
import atexit, sys
from pathlib import Path
from fakeface.cli import main

peak, status = Path(sys.argv.pop(1)), Path("/proc/self/status")
atexit.register(lambda: peak.write_text(status.read_text() if status.exists() else ""))
main()
"""
"""The command line, which leaves the kernel's notes on its memory behind. What `wait4` gives holds
the peak of the process that started it, too."""


@pytest.fixture
def scan(red: str, tmp_path: Path) -> Any:
    """The command line on a folder, in a process of its own."""

    def call(*words: str | Path) -> tuple[dict[str, dict[str, Any]], str, int, str]:
        peak = tmp_path / "peak"
        command = [sys.executable, "-c", SCAN, str(peak), "scan"]
        command += [*map(str, words), "--model", str(red), "--format", "jsonl"]
        done = subprocess.run(command, capture_output=True)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        found = {os.path.relpath(r["source"], str(words[0])): r for r in records}
        assert len(found) == len(records)
        return found, done.stderr.decode(), done.returncode, peak.read_text()

    return call


def test_names_for_which_programs_have_fallen(scan: Any, tmp_path: Path) -> None:
    make_names(tmp_path / "names")
    found, err, code, _ = scan(tmp_path / "names")
    assert {os.fsencode(unescape(name)) for name in found} == set(NAMES)
    assert {record["verdict"] for record in found.values()} == {"fake"}
    assert code == 0
    assert len(err.splitlines()) == 1


def test_pipes_devices_and_links_are_refused_without_waiting(scan: Any, tmp_path: Path) -> None:
    make_specials(tmp_path / "specials")
    found, err, code, _ = scan(tmp_path / "specials", "--follow-symlinks")
    locked = {"locked.jpg", "locked"}  # which root may read
    errors = {name: record["error"] for name, record in found.items() if name not in locked}
    assert errors == {
        "circle.jpg": "too many levels of symbolic links",
        "dangling.jpg": "no such file or directory",
        "null.jpg": "is not a regular file",
        "pipe.jpg": "is not a regular file",
        "process.jpg": "input/output error",
        "socket.jpg": "no such device or address",
        "sparse-4-tebibytes.jpg": "is larger than the 1,024 MiB allowed",
        "tty.jpg": errors["tty.jpg"],  # depends on there being a terminal
        "urandom.jpg": "is not a regular file",
        "zero.jpg": "is not a regular file",
    }
    assert code == 3
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_record(scan: Any, tmp_path: Path) -> None:
    make_specials(tmp_path / "specials")
    found, _, _, _ = scan(tmp_path / "specials")
    assert found["locked.jpg"]["error"] == "permission denied"
    assert found["locked"]["error"] == "folder not read: permission denied"


def test_pictures_that_vanish_or_change_during_a_scan(detector: Detector, tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.jpg").write_bytes(seed("JPEG"))

    def meddled() -> Iterator[str]:
        """What has been found changes before it is read."""
        for path in sorted(map(str, tmp_path.iterdir())):
            match Path(path).stem:
                case "b":
                    Path(path).unlink()
                case "c":
                    Path(path).write_bytes(b"")
                case "d":
                    Path(path).unlink()
                    os.mkfifo(path)
                case "e":
                    Path(path).unlink()
                    Path(path).mkdir()
            yield path

    found = list(detector.predict_batch(meddled()))
    assert [p.verdict for p in found] == [Verdict.FAKE, None, None, None, None, Verdict.FAKE]
    assert [p.error for p in found[1:5]] == [
        "no such file or directory",
        "is empty (0 bytes)",
        "is not a regular file",
        "is a directory; scan it with `fakeface scan`",
    ]


def test_large_files_are_in_memory_one_by_one(scan: Any, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    for name, head, size in [
        *((f"picture-{number}.jpg", seed("JPEG"), 160 << 20) for number in range(4)),
        *((f"nothing-{number}.jpg", b"", 1 << 30) for number in range(4)),
    ]:
        with (tmp_path / "large" / name).open("wb") as file:
            file.write(head)
            file.truncate(size)
    found, _, _, status = scan(tmp_path / "large", "--workers", "4")
    nothing = "is not a picture in a format that fakeface reads"
    assert {record["error"] for name, record in found.items() if "nothing" in name} == {nothing}
    assert {record["error"] for name, record in found.items() if "picture" in name} == {None}
    assert _peak(status) < 400e6


@pytest.mark.slow
def test_a_scan_of_everything_hostile_ends_in_bounded_memory(scan: Any, tmp_path: Path) -> None:
    make(tmp_path / "hostile")
    found, err, code, status = scan(tmp_path / "hostile")
    assert code == 3
    assert len(err.splitlines()) == 3  # the summary, folders with fakes, files of several frames
    assert not any("internal error" in (record["error"] or "") for record in found.values())
    assert len(found) > 800
    assert _peak(status) < 600e6


def _small(kind: str, image: Image.Image, **options: Any) -> bytes:
    return encode(image.resize((40, 40)), kind, **options)


SEEDS = [
    *(_small(kind, face()) for kind in KINDS),
    _small("JPEG", face(), progressive=True),
    _small("JPEG", face().convert("CMYK")),
    _small("PNG", face().quantize(16)),
    _small("PNG", face().convert("RGBA")),
    _small("PNG", face().convert("L").convert("I;16")),
    _small("GIF", face(), save_all=True, append_images=[Image.new("RGB", (40, 40))]),
    _small("WEBP", face(), lossless=True),
    _small("WEBP", face(), save_all=True, append_images=[Image.new("RGB", (40, 40))]),
    *(_small("TIFF", face(), compression=c) for c in ("tiff_lzw", "tiff_deflate", "jpeg")),
    _small("TIFF", face().convert("F")),
]
INTERESTING = [
    *(b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\xff"),
    *(b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xff\xd8", b"\xff\xda", b"IDAT", b"ispe"),
]


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    """A small picture with up to eight faults, most of them near its beginning."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    places = st.integers(0, 4096) | st.integers(0, 96)
    for _ in range(draw(st.integers(1, 8))):
        at = draw(places) % (len(data) + 1)
        match draw(st.integers(0, 5)):
            case 0:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                value = draw(st.sampled_from(INTERESTING))
                data[at : at + len(value)] = value
            case 2:
                data[at:at] = draw(st.binary(max_size=32))
            case 3:
                del data[at : at + draw(st.integers(1, 64))]
            case 4:
                data[at:at] = data[at : at + draw(st.integers(1, 256))]
            case 5:
                other = draw(st.sampled_from(SEEDS))
                start = draw(places) % len(other)
                data[at : at + 64] = other[start : start + 64]
    return bytes(data)


def fuzz(detector: Detector, examples: int) -> None:
    """Judge damaged pictures; anything but a prediction or an `ImageError` fails the test."""
    before = _peak(_status())
    outcomes = {True: 0, False: 0}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(pictures() | st.binary(max_size=400))
    def run(data: bytes) -> None:
        outcomes[judge(detector, data) is not None] += 1

    run()
    assert min(outcomes.values()) > examples / 30  # both kinds are reached
    # A header may truthfully claim as many pixels as are allowed, at 12 bytes each.
    assert _peak(_status()) - before < 12 * MAX_PIXELS


def _status() -> str:
    path = Path("/proc/self/status")
    return path.read_text() if path.exists() else ""


def _peak(status: str) -> int:
    """The most memory that a process has had, in bytes."""
    if not status:
        pytest.skip("needs /proc to measure memory")
    line = next(x for x in status.splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_only_image_errors_come_out_of_damaged_pictures(red: str) -> None:
    fuzz(Detector(red, whole=True), 300)


@pytest.mark.slow
def test_only_image_errors_come_out_of_thousands_of_damaged_pictures(red: str) -> None:
    fuzz(Detector(red, whole=True), 5_000)
