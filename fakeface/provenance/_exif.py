"""EXIF: the camera, the program, and the texts in which some generators keep their prompt."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.provenance._generators import first_of, from_text
from fakeface.provenance._text import comment_readings
from fakeface.provenance._tiff import EMBEDDED, Value, read_directory
from fakeface.provenance._vocabulary import line, program
from fakeface.types._provenance import Statement

_MAKE, _MODEL, _SOFTWARE, _EXIF = 0x010F, 0x0110, 0x0131, 0x8769
_EXPOSURE, _F_NUMBER, _ISO, _FOCAL, _LENS = 0x829A, 0x829D, 0x8827, 0x920A, 0xA434
_EDITED_WITH = 0xA43B
_TEXTS = (0x010C, 0x010D, 0x010E, _MAKE, _MODEL)
"""Texts of the first directory; ComfyUI keeps its graphs there, counting down from the make."""

_COMMENTS = (0x9286, 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F)
"""UserComment, and the title, comment, keywords and subject of Windows, in either directory."""

FIRST = frozenset((*_TEXTS, *_COMMENTS, _SOFTWARE, _EXIF, *EMBEDDED))
"""Tags that are read in the first directory."""

_SECOND = frozenset((_EXPOSURE, _F_NUMBER, _ISO, _FOCAL, *_COMMENTS, _LENS, _EDITED_WITH))


def read_exif(block: bytes, first: dict[int, Value]) -> Iterator[Statement]:
    """Yield the statements of an EXIF block."""
    inner = first.get(_EXIF)
    offset = None if inner is None or inner.number is None else int(inner.number)
    second = {} if offset is None else read_directory(block, offset, _SECOND)
    make, model, software = (_text(first, tag) for tag in (_MAKE, _MODEL, _SOFTWARE))
    for tag in _TEXTS:
        found = from_text(_text(first, tag), "exif")
        if found is not None:
            yield found
            make, model = (make, model) if tag not in (_MAKE, _MODEL) else ("", "")
    for values in (first, second):
        for tag in _COMMENTS:
            if (value := values.get(tag)) is not None:
                found = first_of(comment_readings(value.data), "exif")
                if found is not None:
                    yield found
    exposure = _exposure(second)
    if model and exposure:
        name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
        lens = _text(second, _LENS)
        detail = ", ".join([*([lens] if lens else []), exposure])
        yield Statement("exif", "camera", tool=line(name, 80), detail=line(detail))
    for name, field in ((software, "Software"), (_text(second, _EDITED_WITH), "editing software")):
        claim = program(name)
        if name and (claim != "unknown" or not (model and exposure)):  # else that of the camera
            yield Statement("exif", claim, tool=line(name, 80), detail=field)


def _text(values: dict[int, Value], tag: int) -> str:
    value = values.get(tag)
    return "" if value is None else value.text


def _exposure(values: dict[int, Value]) -> str:
    """Return exposure time, aperture, ISO and focal length in words; empty without any."""
    numbers = {tag: value.number for tag, value in values.items()}
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
