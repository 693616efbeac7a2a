"""EXIF: the camera, the program, and the comment in which some generators keep their prompt."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.provenance._generators import from_text, is_comfy
from fakeface.provenance._tiff import Value, read_directory
from fakeface.provenance._vocabulary import line, program
from fakeface.types._provenance import Statement

_DESCRIPTION, _MAKE, _MODEL, _SOFTWARE, _EXIF = 0x010E, 0x010F, 0x0110, 0x0131, 0x8769
_EXPOSURE, _F_NUMBER, _ISO, _FOCAL = 0x829A, 0x829D, 0x8827, 0x920A
_COMMENT, _LENS = 0x9286, 0xA434
_FIRST = (_DESCRIPTION, _MAKE, _MODEL, _SOFTWARE, _EXIF)
_SECOND = (_EXPOSURE, _F_NUMBER, _ISO, _FOCAL, _COMMENT, _LENS)


def read_exif(block: bytes) -> Iterator[Statement]:
    """Yield the statements of an EXIF block.

    Args:
        block: The block, beginning with its TIFF header.
    """
    values = read_directory(block, None, _FIRST)
    inner = values.pop(_EXIF, None)
    if inner is not None and inner.number is not None:
        values |= read_directory(block, int(inner.number), _SECOND)
    make, model, software = (_text(values, tag) for tag in (_MAKE, _MODEL, _SOFTWARE))
    for text in (make, model, _text(values, _DESCRIPTION)):  # where ComfyUI keeps it in WebP
        name, _, graph = text.partition(":")
        if name.lower() in ("prompt", "workflow") and is_comfy(graph):
            found = from_text(name.lower(), graph, "exif")
            if found is not None:
                yield found
            make = model = ""
    comment = from_text("parameters", _comment(values.get(_COMMENT)), "exif")
    if comment is not None:
        yield comment
    exposure = _exposure(values)
    if model and exposure:
        name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
        lens = _text(values, _LENS)
        detail = ", ".join([*([lens] if lens else []), exposure])
        yield Statement("exif", "camera", tool=line(name, 80), detail=line(detail))
    if software:
        claim = program(software)
        if claim != "unknown" or not (model and exposure):  # else the version of the camera
            yield Statement("exif", claim, tool=line(software, 80), detail="Software")


def _text(values: dict[int, Value], tag: int) -> str:
    value = values.get(tag)
    return "" if value is None else value.text


def _comment(value: Value | None) -> str:
    """Return a user comment, which begins with the name of its encoding in eight bytes."""
    if value is None:
        return ""
    encoding, text = value.data[:8], value.data[8:]
    if encoding == b"UNICODE\0":
        # the byte order is that of the block, but some programs always write the other
        zeros = text[:64:2].count(0) > text[1:64:2].count(0)
        return text.decode("utf-16-be" if zeros else "utf-16-le", "replace").strip("\0 ")
    if encoding not in (b"ASCII\0\0\0", bytes(8)):
        text = value.data
    return text.decode("utf-8", "replace").strip("\0 ")


def _exposure(values: dict[int, Value]) -> str:
    """Return exposure time, aperture, ISO and focal length in words; empty without any."""
    numbers = {tag: value.number for tag, value in values.items() if tag in _SECOND}
    parts = []
    if time := numbers.get(_EXPOSURE):
        parts.append(f"1/{float(1 / time):.0f} s" if 0 < time < 1 else f"{float(time):g} s")
    if aperture := numbers.get(_F_NUMBER):
        parts.append(f"f/{float(aperture):.3g}")
    if iso := numbers.get(_ISO):
        parts.append(f"ISO {int(iso)}")
    if parts and (focal := numbers.get(_FOCAL)):
        parts.append(f"{float(focal):.3g} mm")
    return ", ".join(parts)
