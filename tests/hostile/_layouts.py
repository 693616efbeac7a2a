"""One picture in every layout that TIFF allows: depths, numbers, photometrics, planes, extras."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

SIDE = 64

UNSIGNED, SIGNED, FLOAT, COMPLEX = 1, 2, 3, 6
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
CFA, LINEAR_RAW = 32803, 34892
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, CFA: 1, LINEAR_RAW: 3}
RAW, DEFLATE = 1, 8


@dataclass(frozen=True)
class Layout:
    """How a TIFF keeps its numbers.

    Attributes:
        order: `<` or `>`, of bytes.
        bits: Of a number.
        kind: `SampleFormat`.
        photometric: `PhotometricInterpretation`.
        planar: `PlanarConfiguration`: 1 for pixels, 2 for planes.
        extra: `ExtraSamples`, one value for each.
        compression: 1 for none, 8 for Deflate.
        rows: Rows in a strip.
        tags: More tags: number, type, values.
    """

    order: str = "<"
    bits: int = 8
    kind: int = UNSIGNED
    photometric: int = BLACK_IS_ZERO
    planar: int = 1
    extra: tuple[int, ...] = ()
    compression: int = RAW
    rows: int = SIDE
    tags: tuple[tuple[int, int, tuple[int, ...]], ...] = ()

    @property
    def samples(self) -> int:
        return COLOURS[self.photometric] + len(self.extra)


def picture(colours: int) -> np.ndarray:
    """Soft shapes over all of 0 to 255, so that every layout can hold it; (SIDE, SIDE, colours)."""
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    planes = [x, y, (x + y) / 2, 1 - x]
    return np.stack([(plane * 255).round() for plane in planes[:colours]], axis=-1)


def meant(layout: Layout) -> np.ndarray:
    """What a layout shows, RGB, uint8."""
    if layout.photometric == CMYK:
        ink = picture(4) / 255
        return (255 * (1 - ink[..., :3]) * (1 - ink[..., 3:])).round().astype(np.uint8)
    grey = picture(COLOURS[layout.photometric])
    return np.broadcast_to(grey, (SIDE, SIDE, 3)).astype(np.uint8)


def tiff(layout: Layout, share: float = 1.0) -> bytes:
    """Write the picture in a layout.

    Args:
        layout: The layout.
        share: What the numbers are multiplied with: of another white than the layout's.
    """
    values = picture(COLOURS[layout.photometric]) / 255 * share
    if layout.photometric == WHITE_IS_ZERO:
        values = 1 - values
    opaque = np.ones((SIDE, SIDE, len(layout.extra)))
    values = np.concatenate([values, opaque], axis=-1)
    numbers = np.moveaxis(values, -1, 0) if layout.planar == 2 else values[np.newaxis]
    strips = [
        _packed(plane[top : top + layout.rows], layout)
        for plane in numbers
        for top in range(0, SIDE, layout.rows)
    ]
    if layout.compression == DEFLATE:
        strips = [zlib.compress(strip) for strip in strips]
    return _file(layout, strips)


def _packed(rows: np.ndarray, layout: Layout) -> bytes:
    """Numbers of some rows, each row beginning a byte."""
    rows = rows.reshape(len(rows), -1)
    if layout.kind == FLOAT:
        return rows.astype(f"{layout.order}f{layout.bits // 8}").tobytes()
    if layout.kind == COMPLEX:
        return rows.astype(f"{layout.order}c{layout.bits // 8}").tobytes()
    if layout.kind == SIGNED:
        top = (1 << layout.bits - 1) - 1
        return (rows * top).round().astype(f"{layout.order}i{layout.bits // 8}").tobytes()
    whole = (rows * ((1 << layout.bits) - 1)).round().astype(np.uint64)
    if layout.bits in (8, 16, 32):
        return whole.astype(f"{layout.order}u{layout.bits // 8}").tobytes()
    places = np.arange(layout.bits - 1, -1, -1, dtype=np.uint64)
    bits = (whole[..., np.newaxis] >> places & 1).astype(np.uint8)
    return np.packbits(bits.reshape(len(rows), -1), axis=1).tobytes()


def _file(layout: Layout, strips: list[bytes]) -> bytes:
    number, order = layout.samples, layout.order
    sizes = [len(strip) for strip in strips]
    tags: list[tuple[int, int, tuple[int, ...]]] = [
        (256, 4, (SIDE,)),
        (257, 4, (SIDE,)),
        (258, 3, (layout.bits,) * number),
        (259, 3, (layout.compression,)),
        (262, 3, (layout.photometric,)),
        (273, 4, tuple(8 + sum(sizes[:at]) for at in range(len(strips)))),
        (277, 3, (number,)),
        (278, 4, (layout.rows,)),
        (279, 4, tuple(sizes)),
        (284, 3, (layout.planar,)),
        (339, 3, (layout.kind,) * number),
        *layout.tags,
    ]
    if layout.extra:
        tags.append((338, 3, layout.extra))
    if layout.photometric == PALETTE and not any(tag[0] == 320 for tag in tags):
        ramp = [round(at * 65535 / ((1 << layout.bits) - 1)) for at in range(1 << layout.bits)]
        tags.append((320, 3, tuple(ramp * 3)))
    body = b"".join(strips)
    body += b"\0" * (len(body) % 2)
    return _header(order, 8 + len(body)) + body + directory(order, 8 + len(body), sorted(tags))


def _header(order: str, at: int) -> bytes:
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, at)


def directory(order: str, at: int, tags: list[tuple[int, int, tuple[int, ...]]]) -> bytes:
    """A directory at a place in the file, and after it what does not fit into its entries."""
    formats = {1: "B", 3: "H", 4: "I", 13: "I"}
    beyond = at + 2 + 12 * len(tags) + 4
    entries, rest = b"", b""
    for tag, kind, values in tags:
        data = struct.pack(f"{order}{len(values)}{formats[kind]}", *values)
        if len(data) > 4:
            data, rest = struct.pack(order + "I", beyond + len(rest)), rest + data
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    return struct.pack(order + "H", len(tags)) + entries + bytes(4) + rest


def layouts() -> Iterator[Layout]:
    """Every combination of what Pillow and libtiff know, and many of what they do not."""
    depths = [
        *((bits, UNSIGNED) for bits in (1, 2, 4, 6, 8, 10, 12, 14, 16, 24, 32)),
        *((bits, SIGNED) for bits in (8, 16, 32)),
        *((bits, FLOAT) for bits in (16, 32, 64)),
        (64, COMPLEX),
    ]
    shapes: list[tuple[int, tuple[int, ...]]] = [
        *((WHITE_IS_ZERO, extra) for extra in ((), (0,), (1,), (2,))),
        *((BLACK_IS_ZERO, extra) for extra in ((), (0,), (1,), (2,))),
        *((RGB, extra) for extra in ((), (0,), (1,), (2,), (0, 0), (1, 0), (2, 0))),
        *((CMYK, extra) for extra in ((), (0,))),
        *((PALETTE, extra) for extra in ((), (0,), (2,))),
        (CFA, ()),
        (LINEAR_RAW, ()),
    ]  # fmt: skip
    for order, (bits, kind), (photometric, extra), planar, compression, rows in itertools.product(
        "<>", depths, shapes, (1, 2), (RAW, DEFLATE), (SIDE, 16)
    ):
        if bits == 24 and kind == UNSIGNED:
            continue  # no type of NumPy
        if photometric == PALETTE and (bits > 8 or kind != UNSIGNED):
            continue
        yield Layout(order, bits, kind, photometric, planar, extra, compression, rows)


def odd_layouts() -> Iterator[tuple[str, bytes]]:
    """A few of them by name, for the folder of everything."""
    for name, options in _NAMED.items():
        yield f"{name}.tif", tiff(Layout(**options))


_NAMED: dict[str, dict[str, Any]] = {
    "grey-12-bit": {"bits": 12},
    "grey-float": {"bits": 32, "kind": FLOAT},
    "grey-signed": {"bits": 16, "kind": SIGNED},
    "white-is-zero-16": {"bits": 16, "photometric": WHITE_IS_ZERO},
    "planes-16": {"bits": 16, "photometric": RGB, "planar": 2},
    "cfa": {"bits": 16, "photometric": CFA},
    "premultiplied": {"extra": (1,)},
}
