"""From encoded bytes to an open picture: its header alone, within limits of size and time."""

from __future__ import annotations

import contextlib
import io
import struct
from functools import lru_cache
from importlib import import_module

from PIL import Image, UnidentifiedImageError

from fakeface._errors import ImageError
from fakeface.files._sniff import HEAD
from fakeface.images import _jpeg, _tiff
from fakeface.images._png import without_texts
from fakeface.images._read import reason as reason_for

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "MPO", "AVIF", "HEIF")
"""Formats that are read, as Pillow names them; AVIF and HEIF where this Pillow has them."""

MAX_PIXELS = 120_000_000
"""Pictures that would decode to more pixels than this are refused (a bomb, or beyond memory)."""

MAX_JPEG_PIXELS = 2 * MAX_PIXELS
"""JPEG pictures of more than `MAX_PIXELS` are decoded smaller, up to this many: cameras of phones
take 200 million."""

_PLUGINS = {"WEBP": "PIL.WebPImagePlugin"}
_TOO_MANY = f"claims more than the {MAX_PIXELS:,} pixels allowed"
_JPEG_TOO_MANY = f"claims more than the {MAX_JPEG_PIXELS:,} pixels allowed in a JPEG"


def open_image(data: bytes, name: str) -> Image.Image:
    """Read the header of encoded bytes.

    Raises:
        ImageError: It is not a readable picture in one of `FORMATS`, would cost more memory or
            time than any picture is worth, or is a camera's raw file.
    """
    if reason := _reject_reason(data):
        raise ImageError(name, reason)
    if data.startswith(b"\x89PNG"):
        data = without_texts(data)
    try:
        image = _open(data)
        if image.info.get("progressive") and _jpeg.too_many_scans(data):
            raise ImageError(
                name, f"has more than the {_jpeg.MAX_SCANS} scans allowed (a time bomb?)"
            )
        return image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        jpeg = data.startswith(b"\xff\xd8")
        raise ImageError(
            name, f"{_JPEG_TOO_MANY if jpeg else _TOO_MANY} (decompression bomb?)"
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(name, _unidentified(data)) from error
    except Exception as error:  # decoders fail in every way when fed hostile bytes
        raise ImageError(name, reason_for(error, "decoded")) from error


def seek(image: Image.Image, frame: int, name: str) -> None:
    """Go to a frame of a picture that has just been opened.

    Raises:
        ImageError: There is no such frame, or it cannot be read.
    """
    try:
        image.seek(frame)
    except EOFError as error:
        raise ImageError(name, f"ends before its frame {frame + 1}") from error
    except Exception as error:  # see `open_image`
        raise ImageError(name, f"frame {frame + 1} {reason_for(error, 'decoded')}") from error


def check_pixels(image: Image.Image, name: str) -> None:
    """Refuse a picture, or what it was reduced to, for its size.

    Raises:
        ImageError: It has more than `MAX_PIXELS`.
    """
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width}x{image.height}"
        raise ImageError(name, f"{_TOO_MANY}: {size} (decompression bomb?)")


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """`FORMATS`, less those whose decoder this Pillow lacks; HEIF where pillow-heif is there."""
    for name in FORMATS:  # not Image.init(), which loads fifty plug-ins
        with contextlib.suppress(ImportError):
            import_module(_PLUGINS.get(name, f"PIL.{name.title()}ImagePlugin"))
    with contextlib.suppress(ImportError):
        import_module("pillow_heif").register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _reject_reason(data: bytes) -> str | None:
    """Tell why a file is not to be opened, from its first bytes on."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg.reject_reason(data)
    if data[:2] in (b"II", b"MM"):
        _tiff.silence()
        return _tiff.camera_raw(data)
    return None


def _open(data: bytes) -> Image.Image:
    if data.startswith(b"\xff\xd8\xff"):
        return _open_jpeg(data)
    return Image.open(io.BytesIO(data), formats=readable_formats())


def _open_jpeg(data: bytes) -> Image.Image:
    """Open a JPEG or MPO as `Image.open` does, but up to `MAX_JPEG_PIXELS`.

    Pillow's own limit is 179 million pixels, though it can reduce more. And it imports a dozen
    plug-ins before it opens the first picture, which take 10 ms of a new process.
    """
    from PIL.JpegImagePlugin import jpeg_factory

    try:
        image: Image.Image = jpeg_factory(io.BytesIO(data))
    except (SyntaxError, IndexError, TypeError, struct.error) as error:  # as in `Image.open`
        raise UnidentifiedImageError(str(error)) from error
    if image.width * image.height > MAX_JPEG_PIXELS:
        raise Image.DecompressionBombError(_JPEG_TOO_MANY)
    return image


def _unidentified(data: bytes) -> str:
    if data[4:8] == b"ftyp" and "HEIF" not in readable_formats() and b"avif" not in data[8:HEAD]:
        return "is HEIC, which needs pillow-heif: pip install pillow-heif"
    if data[:2] in (b"II", b"MM"):
        return "is a TIFF that is broken, or that Pillow cannot read; save it as PNG or JPEG"
    return "begins like a picture, but is broken, or of a kind that this Pillow cannot read"
