"""Colour profiles (ICC version 2), made from primaries and a gamma."""

from __future__ import annotations

import struct

DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
"""Red, green and blue of Display P3 in XYZ, adapted to D50; their gamma is near to that of sRGB."""

SRGB_LIKE = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""Those of sRGB."""

GREY_GAMMA_1 = ()
"""Grey in linear light."""


def profile(primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """A profile of a display with these primaries, or of linear grey."""
    tags = {b"wtpt": _xyz(0.9642, 1.0, 0.8249), b"desc": _text(), b"cprt": b"text\0\0\0\0none\0"}
    if primaries:
        for name, values in zip((b"r", b"g", b"b"), primaries, strict=True):
            tags[name + b"XYZ"] = _xyz(*values)
            tags[name + b"TRC"] = _srgb_curve()
    else:
        tags[b"kTRC"] = b"curv\0\0\0\0" + struct.pack(">IH", 1, 256)
    at = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    space = b"RGB " if primaries else b"GRAY"
    header = struct.pack(
        ">I4sI4s4s4s12x4s4s", at + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ ", b"acsp",
        b"none",
    )  # fmt: skip
    header += bytes(68 - len(header)) + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _srgb_curve() -> bytes:
    """1024 points of the curve of sRGB."""
    shares = (at / 1023 for at in range(1024))
    linear = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares)
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *(round(x * 65535) for x in linear))


def _text() -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(78)
