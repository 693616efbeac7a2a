"""Small files that ask for very much memory or time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.hostile._seed import KINDS, encode, seed


def bombs() -> Iterator[tuple[str, bytes]]:
    """Names and contents; all must be refused."""
    side = 60_000
    yield "header-60000.png", png(side, side, [])
    yield "header-60000.bmp", _bmp(side, side)
    yield "header-65535.gif", _gif(65_535, 65_535)
    yield "header-60000.tif", _tiff(side, side)
    yield "header-65500.jpg", jpeg_with_size(seed("JPEG"), 65_500, 65_500)
    yield "header-16383.webp", _webp(16_383, 16_383)
    if "AVIF" in KINDS:
        yield "header-60000.avif", _avif(side, side)
    # These hold what they claim, in one part in a thousand of the size.
    wide, high = 13_000, 10_000
    row = zlib.compressobj(9)
    body = b"".join(row.compress(b"\0" + bytes(wide)) for _ in range(high)) + row.flush()
    yield "full-130-megapixels.png", png(wide, high, [(b"IDAT", body)], depth=8, colour=0)
    grey = Image.new("L", (wide, high))
    yield "full-130-megapixels.gif", encode(grey, "GIF")
    yield "full-130-megapixels.tif", encode(grey, "TIFF", compression="tiff_lzw")
    yield "many-scans.jpg", many_scans()
    yield from slow_jpegs(1 << 20)


def beside() -> Iterator[tuple[str, bytes]]:
    """Small pictures with very much beside their pixels, which must not be in the way."""
    text = zlib.compress(bytes(200_000_000), 9)
    rows = (b"IDAT", _rows(8, 8))
    for name, chunk in (
        ("text", (b"zTXt", b"comment\0\0" + text)),
        ("international", (b"iTXt", b"comment\0\1\0\0\0" + text)),
        ("xmp", (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + text)),
        ("exif", (b"zTXt", b"Raw profile type exif\0\0" + text)),
        ("profile", (b"iCCP", b"icc\0\0" + text)),
        ("plain", (b"tEXt", b"prompt\0" + bytes(80_000_000))),
    ):
        yield f"{name}-before.png", png(8, 8, [chunk, rows])
        if name != "profile":
            yield f"{name}-after.png", png(8, 8, [rows, chunk])


def png(
    width: int, height: int, chunks: list[tuple[bytes, bytes]], depth: int = 8, colour: int = 2
) -> bytes:
    """A PNG with a header, the chunks given, and an end."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _rows(width: int, height: int) -> bytes:
    return zlib.compress((b"\0" + bytes(3 * width)) * height)


def jpeg_with_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


def _bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def _gif(width: int, height: int) -> bytes:
    data = bytearray(encode(Image.new("L", (8, 8)), "GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    at = data.index(b"\x2c", 13)
    data[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(data)


def _tiff(width: int, height: int) -> bytes:
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, width * height & 0xFFFFFFFF),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)


def _webp(width: int, height: int) -> bytes:
    """A lossless WebP header; the size takes 14 bits each."""
    body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(16)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _avif(width: int, height: int) -> bytes:
    data = bytearray(seed("AVIF"))
    at = data.index(b"ispe")
    data[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(data)


def many_scans(count: int = 5_000, side: int = 4_096) -> bytes:
    """A progressive JPEG of `count` scans, each of which says nothing about every block.

    A decoder passes over all blocks for each of them: a few bytes buy milliseconds.
    """
    data = encode(Image.new("L", (side, side)), "JPEG", progressive=True)
    scans = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    # the last scan refines one coefficient of all blocks; repeat it with its tables
    last = data[scans[-1] : -2]
    return data[:-2] + last * count + b"\xff\xd9"


def slow_jpegs(size: int = 16 << 20) -> Iterator[tuple[str, bytes]]:
    """JPEG pictures with very much between their segments; all must be refused, and at once."""
    data = seed("JPEG")
    first = 4 + int.from_bytes(data[4:6], "big")  # behind its first segment
    progressive = encode(Image.new("L", (64, 64)), "JPEG", progressive=True)
    for name, unit in (
        ("fill", b"\xff"),
        ("stuffed", b"\xff\0"),
        ("zeros", b"\0"),
        ("comments", b"\xff\xfe\0\2"),
        ("app", b"\xff\xe1\0\3x"),
        ("tables", b"\xff\xdb\0\2"),
        ("restarts", b"\xff\xd0"),
    ):
        yield f"{name}.jpg", data[:first] + unit * (size // len(unit)) + data[first:]
    at = progressive.rindex(b"\xff\xda")
    flood = b"\xff\xc4\0\2" * (size // 4)
    yield "between-scans.jpg", progressive[:at] + flood + progressive[at:]
