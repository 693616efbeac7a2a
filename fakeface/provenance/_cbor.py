"""CBOR (RFC 8949), as far as content credentials use it: strict, and within bounds.

A library would do; this is for the install without extras, where claims are read unchecked.
"""

from __future__ import annotations

import struct
from typing import Any

_MAX_DEPTH = 24
_MAX_ITEMS = 50_000
_BREAK = object()
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


class CborError(ValueError):
    """Bytes are no well-formed CBOR, or more than is read."""


def read_cbor(data: bytes) -> Any:
    """Return the one value that bytes encode; tags are left out.

    Raises:
        CborError: They encode none or several, or one that is too large or nested too deeply.
    """
    reader = _Reader(data)
    value = reader.value(0)
    if value is _BREAK or reader.at != len(data):
        raise CborError("bytes behind the value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.items = data, 0, 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise CborError("cut off")
        part, self.at = self.data[self.at : end], end
        return part

    def value(self, depth: int) -> Any:
        self.items += 1
        if depth > _MAX_DEPTH or self.items > _MAX_ITEMS:
            raise CborError("too many values, or nested too deeply")
        first = self.take(1)[0]
        major, short = first >> 5, first & 31
        if first == 0xFF:
            return _BREAK
        if major == 7:
            return self._simple(short)
        endless = short == 31 and 2 <= major <= 5  # up to a break
        size = -1 if endless else self._size(short)
        if major < 2:
            return size if major == 0 else -1 - size
        if major in (2, 3):
            return self._string(bytes if major == 2 else str, size, depth)
        if major == 4:
            return self._several(size, depth)
        if major == 5:
            flat = self._several(2 * size, depth)
            if len(flat) % 2 or not all(type(key) in (str, int) for key in flat[::2]):
                raise CborError("a key without a value, or of another type than text and number")
            return dict(zip(flat[::2], flat[1::2], strict=True))
        return self.value(depth + 1)

    def _size(self, short: int) -> int:
        if short < 24:
            return short
        if short < 28:
            return int.from_bytes(self.take(1 << short - 24), "big")
        raise CborError("unknown length")

    def _simple(self, short: int) -> Any:
        if short in _FLOATS:
            return struct.unpack(_FLOATS[short], self.take(1 << short - 24))[0]
        if short not in _SIMPLE:
            raise CborError("unknown simple value")
        return _SIMPLE[short]

    def _string(self, kind: type[bytes] | type[str], size: int, depth: int) -> Any:
        if size < 0:
            parts = self._several(size, depth)
            if not all(isinstance(part, kind) for part in parts):
                raise CborError("parts of another type")
            return kind().join(parts)
        part = self.take(size)
        try:
            return part if kind is bytes else part.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CborError("text that is no UTF-8") from error

    def _several(self, count: int, depth: int) -> list[Any]:
        """Read some values; all up to a break where the count is below 0."""
        values: list[Any] = []
        while count < 0 or len(values) < count:
            value = self.value(depth + 1)
            if value is _BREAK:
                if count >= 0:
                    raise CborError("a break too many")
                break
            values.append(value)
        return values
