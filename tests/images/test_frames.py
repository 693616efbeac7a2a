"""Files that hold several pictures: how many is told, and which one was scored."""

from __future__ import annotations

import io
import json
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from fakeface import Detector, ImageError, Prediction
from fakeface.images import _decode
from fakeface.images._decode import Picture
from fakeface.images._frames import spread
from tests._process import MAIN
from tests.hostile._seed import encode

RED, GREY, BLUE = (230, 30, 30), (128, 128, 128), (30, 30, 230)
KINDS = ["GIF", "WEBP", "PNG", "TIFF", *(["AVIF"] if features.check("avif") else [])]


def animated(kind: str, *colours: tuple[int, int, int], side: int = 64) -> bytes:
    frames = [Image.new("RGB", (side, side), colour) for colour in colours]
    for number, frame in enumerate(frames):  # equal frames would be merged
        frame.putpixel((number, 0), (0, 0, 0))
    options = {"duration": 100} if kind != "TIFF" else {}
    return encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_counted_and_the_first_is_scored(kind: str, red: str) -> None:
    data = animated(kind, BLUE, GREY, RED, GREY, BLUE)
    found = Detector(red, "cpu", whole=True).predict(data)
    assert (found.frames, found.frame, found.verdict) == (5, 0, "real")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("number", "frame", "verdict"),
    [(2, 0, "real"), (3, 2, "fake"), (5, 2, "fake"), (99, 2, "fake")],
)
def test_of_several_the_most_suspicious_counts(
    kind: str, number: int, frame: int, verdict: str, red: str
) -> None:
    detector = Detector(red, "cpu", whole=True, frames=number)
    found = detector.predict(animated(kind, BLUE, GREY, RED, GREY, BLUE))
    expected = {2: 0.0, 3: 1.0}.get(number, 1.0)
    assert found.p_fake == pytest.approx(expected, abs=0.02)
    assert (found.frames, found.frame, found.verdict) == (5, frame, verdict)
    assert len(found.faces) == 1


def test_heat_maps_and_batches_go_with_their_frame(red: str) -> None:
    detector = Detector(red, "cpu", whole=True, frames=3, explain=True)
    files = [animated("GIF", BLUE, RED, GREY), animated("GIF", GREY), animated("GIF", RED, BLUE)]
    found = list(detector.predict_batch(files, batch_size=2))
    assert [(p.frames, p.frame) for p in found] == [(3, 1), (1, 0), (2, 0)]
    assert all(p.faces[0].heatmap is not None for p in found)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF"])
def test_one_picture_is_one_frame(kind: str, red: str) -> None:
    found = Detector(red, "cpu", whole=True, frames=4).predict(
        encode(Image.new("RGB", (64, 64), RED), kind)
    )
    assert (found.frames, found.frame) == (1, 0)
    assert Prediction.from_dict(found.as_dict()).frames == 1


def test_pages_may_be_of_any_size(red: str) -> None:
    pages = [Image.new("RGB", size, RED if size == (90, 40) else BLUE)
             for size in ((64, 64), (30, 80), (90, 40))]  # fmt: skip
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = Detector(red, "cpu", whole=True, frames=3).predict(data)
    assert (found.frames, found.frame, found.size) == (3, 2, (90, 40))


def test_a_frame_that_cannot_be_read_is_named(red: str) -> None:
    whole = animated("TIFF", BLUE, GREY, RED)
    picture = Image.open(io.BytesIO(whole))
    picture.seek(2)
    at = picture.tag_v2[273][0]
    cut = whole[:at]  # the pixels of the last page are gone, its directory before them is not
    with pytest.raises(ImageError, match="frame 3 of 3"):
        Detector(red, "cpu", whole=True, frames=3).predict(cut)
    assert Detector(red, "cpu", whole=True).predict(cut).frames == 3


def test_a_gif_that_breaks_off_in_a_later_frame_has_its_first(red: str) -> None:
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)) for _ in range(4)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    cut = data[: len(data) * 5 // 8]
    found = Detector(red, "cpu", whole=True).predict(cut)
    assert found.frames == 3
    with pytest.raises(ImageError, match="frame 3 of 3: cannot be decoded"):
        Detector(red, "cpu", whole=True, frames=9).predict(cut)


def test_claims_of_frames_that_are_not_there_are_not_believed() -> None:
    data = animated("PNG", BLUE, RED)
    at = data.index(b"acTL")
    lying = data[: at + 4] + struct.pack(">I", 2_000_000) + data[at + 8 :]
    import zlib

    crc = zlib.crc32(lying[at : at + 12])
    lying = lying[: at + 12] + struct.pack(">I", crc) + lying[at + 16 :]
    assert len(Picture(lying).frames) <= 3


def test_directories_that_go_round_in_a_circle_end() -> None:
    data = bytearray(animated("TIFF", BLUE, RED))
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    next_at = first + 2 + 12 * count
    second = int.from_bytes(data[next_at : next_at + 4], "little")
    count = int.from_bytes(data[second : second + 2], "little")
    data[second + 2 + 12 * count :][:4] = struct.pack("<I", first)
    end = second + 2 + 12 * count
    data[end : end + 4] = struct.pack("<I", first)
    assert len(Picture(bytes(data)).frames) == 2


def test_a_pillow_image_stays_at_the_frame_that_it_is_at(red: str) -> None:
    image = Image.open(io.BytesIO(animated("GIF", BLUE, RED, GREY)))
    image.seek(1)
    found = Detector(red, "cpu", whole=True, frames=3).predict(image)
    assert (found.frames, found.frame, found.verdict) == (3, 1, "fake")
    assert image.tell() == 1


def test_frames_are_spread_evenly() -> None:
    assert spread(range(100), 1) == [0]
    assert spread(range(100), 2) == [0, 99]
    assert spread(range(100), 5) == [0, 25, 50, 74, 99]
    assert spread([3, 7], 5) == [0, 1]


def test_frames_are_part_of_the_settings_only_where_there_are_more(red: str) -> None:
    one, more = Detector(red, "cpu"), Detector(red, "cpu", frames=4)
    assert one.settings == Detector(red, "cpu", frames=1).settings != more.settings
    with pytest.raises(ValueError, match="frames"):
        Detector(red, "cpu", frames=0)


def test_the_command_line_says_that_frames_were_left_out(red: str, tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(animated("GIF", BLUE, RED))
    words = ["scan", str(tmp_path / "a.gif"), "--model", str(red), "--whole"]
    table = subprocess.run([*MAIN, *words], capture_output=True, text=True)
    assert "(frame 1 of 2)" in table.stdout
    assert "1 file holds several frames or pages, of which the first was scored" in table.stderr
    lines = subprocess.run(
        [*MAIN, *words, "--frames", "2", "--format", "jsonl"], capture_output=True, text=True
    )
    record = json.loads(lines.stdout)
    assert (record["frames"], record["frame"], record["verdict"]) == (2, 1, "fake")
    assert "several frames" not in lines.stderr


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_pixels_that_the_caller_has_changed_are_judged(kind: str) -> None:
    image = Image.open(io.BytesIO(animated(kind, BLUE, GREY, RED)))
    size = image.width // 2, image.height // 2
    image.thumbnail(size)
    assert Picture(image).size == size
    assert image.size == size


def test_locks_that_are_held_are_replaced_in_a_forked_process() -> None:
    before = list(_decode._LOCKS)
    try:
        _decode._after_fork()
        assert not set(map(id, before)) & set(map(id, _decode._LOCKS))
    finally:
        _decode._LOCKS[:] = before
