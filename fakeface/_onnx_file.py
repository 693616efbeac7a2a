"""What an ONNX file refers to outside itself, found out before ONNX Runtime opens it.

Tensors of an ONNX file may lie in other files. ONNX Runtime, given bytes, looks for those in the
current directory: whoever can write there could change what a model says, though the sha256 of
`model.onnx` is the one described. So there must be none.
"""

from __future__ import annotations

from collections.abc import Iterator

_NESTED = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
"""Messages within messages, by the numbers of their fields in onnx.proto."""

_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_DEPTH = 100
_LENGTHS = {1: 8, 5: 4}


def refusal(data: bytes) -> str | None:
    """Tell why the bytes of a model are not to be opened.

    Args:
        data: A whole ONNX file.

    Returns:
        The reason; None where all that it needs is in it.
    """
    if data[4:8] == b"ORTM":
        return "is a file in the format ORT; it has to be ONNX"
    if b"EPContext" in data:
        return "holds nodes for one provider alone (EPContext), which may read other files"
    # The key of every reference is "location"; most files do not hold the word at all.
    if b"location" not in data:
        return None
    try:
        external = any(_is_external(tensor) for tensor in _tensors(memoryview(data), "model", 0))
    except (IndexError, ValueError, RecursionError):
        return "is damaged"
    if external:
        return "keeps weights in other files (external data); export it with all in one file"
    return None


def _tensors(message: memoryview, kind: str, depth: int) -> Iterator[memoryview]:
    """Every tensor in a message, however deep."""
    if depth > _DEPTH:
        raise ValueError("nested too deeply")
    if kind == "tensor":
        yield message
        return
    nested = _NESTED[kind]
    for number, wire, value in _fields(message):
        if wire == 2 and number in nested:
            assert isinstance(value, memoryview)
            yield from _tensors(value, nested[number], depth + 1)


def _is_external(tensor: memoryview) -> bool:
    return any(
        number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)
        for number, _, value in _fields(tensor)
    )


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Number, wire type and value of every field of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, wire, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        elif wire in _LENGTHS:
            length = _LENGTHS[wire]
        else:
            raise ValueError(f"wire type {wire}")
        if at + length > len(message):
            raise ValueError("a field beyond the end")
        yield number, wire, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number too long")
