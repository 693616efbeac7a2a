"""What an ONNX file refers to outside itself, found out before ONNX Runtime opens it.

Tensors of an ONNX file may lie in other files. ONNX Runtime, given bytes, looks for those in the
current directory: whoever can write there could change what a model says, though the sha256 of
`model.onnx` is the one described. So there must be none.
"""

from __future__ import annotations

import re

_LOCATION = re.compile(rb"(?:\x0a|\x8a\x80*\0)(?:\x08|\x88\x80*\0)location")
"""The key of every reference as protobuf writes it: field 1, eight letters. Numbers may be written
longer than they need be."""


def reject_reason(data: bytes) -> str | None:
    """Tell why the bytes of a model are not to be opened.

    Args:
        data: A whole ONNX file.

    Returns:
        The reason; None where all that it needs is in it. A model that calls a tensor `location` is
        rejected too.
    """
    if data[4:8] == b"ORTM":
        return "is a file in the format ORT; it has to be ONNX"
    if b"EPContext" in data:
        return "holds nodes for one provider alone (EPContext), which may read other files"
    if _LOCATION.search(data):
        return (
            "keeps weights in other files (external data), or calls a tensor `location`; export it"
            " with all in one file"
        )
    return None
