"""Pictures that are cut off, damaged, or say what is not so."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from PIL import Image

from tests.hostile._bombs import jpeg_with_size, png
from tests.hostile._seed import KINDS, encode, face, seed, suffix


def truncated(step: int = 1024) -> Iterator[tuple[str, bytes]]:
    """Every format cut off at every kilobyte; all must be refused."""
    for kind in KINDS:
        data = seed(kind)
        for length in range(0, len(data) - 1, step):
            yield f"{length // step:03}k.{suffix(kind)}", data[:length]


def flipped(count: int = 40) -> Iterator[tuple[str, bytes]]:
    """Every format with a few bytes changed; may be refused, must not do worse."""
    chance = random.Random(0)
    for kind in KINDS:
        for number in range(count):
            data = bytearray(seed(kind))
            reach = len(data) if number % 2 else 200  # every other time in the header
            for _ in range(1 + number % 4):
                data[chance.randrange(reach)] ^= 1 << chance.randrange(8)
            yield f"{number:03}.{suffix(kind)}", bytes(data)


def lying() -> Iterator[tuple[str, bytes]]:
    """Headers that do not tell what follows; all must be refused."""
    small = encode(Image.new("RGB", (64, 64)), "PNG")
    yield "png-larger-than-its-data.png", small.replace(small[8:33], png(640, 640, [])[8:33])
    yield "png-of-no-pixels.png", png(0, 0, [])
    yield "jpeg-of-no-lines.jpg", jpeg_with_size(seed("JPEG"), 256, 0)
    yield "gif-of-nothing.gif", b"GIF89a" + bytes(7) + b";"
    bmp = bytearray(seed("BMP"))
    bmp[10:14] = struct.pack("<I", 1 << 31)
    yield "bmp-pixels-beyond-the-end.bmp", bytes(bmp)
    tiff = bytearray(seed("TIFF"))
    tiff[4:8] = struct.pack("<I", len(tiff) + 1000)
    yield "tiff-directory-beyond-the-end.tif", bytes(tiff)
    webp = bytearray(seed("WEBP"))
    webp[16:20] = struct.pack("<I", 0xFFFFFF00)
    yield "webp-chunk-beyond-the-end.webp", bytes(webp)
    for name in ("page.html", "empty", "drawing.svg", "document.pdf", "script.eps"):
        yield f"{name}.jpg", _OTHER[name]


_OTHER = {
    "page.html": b"<!doctype html><title>404</title>",
    "empty": b"",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "document.pdf": b"%PDF-1.7\n%%EOF",
    "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
}


def odd() -> Iterator[tuple[str, bytes]]:
    """Whole pictures of the face in a strange dress; all must be judged like the plain one."""
    plain = face()
    yield "plain.png", seed("PNG")
    yield "cmyk.jpg", encode(plain.convert("CMYK"), "JPEG", quality=95)
    yield "cmyk.tif", encode(plain.convert("CMYK"), "TIFF")
    yield "lab.tif", encode(_lab(plain), "TIFF")
    yield "progressive.jpg", encode(plain, "JPEG", quality=95, progressive=True)
    clear = plain.convert("RGBA")
    clear.putpixel((0, 0), (0, 0, 0, 0))
    yield "alpha.png", encode(clear, "PNG")
    yield "palette-transparent.png", encode(clear.quantize(256), "PNG")
    yield "palette.gif", encode(plain.quantize(256), "GIF")
    black = Image.new("RGB", plain.size)
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        options = {"quality": 95} if kind == "WEBP" else {}
        data = encode(plain, kind, save_all=True, append_images=[black, black], **options)
        yield f"animated.{suffix(kind)}", data
    yield "multi-picture.mpo", encode(plain, "MPO", save_all=True, append_images=[black],
                                      quality=95)  # fmt: skip
    yield "profile-is-noise.jpg", encode(plain, "JPEG", quality=95, icc_profile=bytes(range(256)))
    yield "profile-is-noise.png", encode(plain, "PNG", icc_profile=bytes(range(256)))
    yield "exif-is-noise.jpg", encode(plain, "JPEG", quality=95, exif=b"Exif\0\0" + b"\xfe" * 999)
    yield "exif-is-huge.jpg", encode(plain, "JPEG", quality=95, exif=_exif(65_000))
    yield "exif-in-a-circle.jpg", encode(plain, "JPEG", quality=95, exif=_circular_exif())
    yield "many-segments.jpg", _with_segments(encode(plain, "JPEG", quality=95), 3000)
    for orientation in range(1, 9):
        yield f"turned-{orientation}.jpg", _turned(plain, orientation)
    yield "turned-999.png", encode(plain, "PNG", exif=_orientation(999))


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera does to pixels that EXIF orientation undoes."""


def _turned(image: Image.Image, orientation: int) -> bytes:
    stored = image.transpose(TURNS[orientation]) if orientation in TURNS else image
    return encode(stored, "JPEG", quality=95, exif=_orientation(orientation))


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def _exif(size: int) -> bytes:
    exif = _orientation(1)
    exif[0x9286] = b"x" * size  # a user's comment
    return exif.tobytes()


def _circular_exif() -> bytes:
    """A directory whose next one is itself."""
    entry = struct.pack("<HHII", 0x0112, 3, 1, 1)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)


def _with_segments(data: bytes, count: int) -> bytes:
    return data[:2] + b"\xff\xe7\x00\x10fourteen bytes" * count + data[2:]


def _lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


def extreme() -> Iterator[tuple[str, bytes]]:
    """Whole pictures of shapes that nobody takes; all must be judged somehow."""
    for width, height in ((1, 1), (1, 20_000), (20_000, 1), (3, 2), (5000, 17)):
        yield f"{width}x{height}.png", encode(Image.new("RGB", (width, height)), "PNG")
    # more than may be decoded, but not when reduced
    yield "130-megapixels.jpg", encode(Image.new("L", (13_000, 10_000)), "JPEG")
    yield "1x65500.jpg", encode(Image.new("RGB", (1, 65_500)), "JPEG")
    yield "grey-16-bit.png", encode(Image.new("I;16", (64, 64), 40_000), "PNG")
    yield "float.tif", encode(Image.new("F", (64, 64), float("nan")), "TIFF")
    yield "one-bit.tif", encode(Image.new("1", (64, 64)), "TIFF", compression="group4")
