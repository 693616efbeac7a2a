"""Writes model directories: the ONNX file with its description inside, and `model.json`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface import ModelInfo
from fakeface.files import replacing
from fakeface.model_directory import METADATA_KEY

if TYPE_CHECKING:
    import onnx


def write_model(info: ModelInfo, model: onnx.ModelProto, path: Path) -> ModelInfo:
    """Write a model directory.

    Args:
        info: The description; `sha256` and `path` are filled in here.
        model: The graph; the description is put into its metadata.
        path: The directory, made where it is missing; a model in it is replaced.

    Returns:
        The description as written.
    """
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=info.metadata())
    data = model.SerializeToString(deterministic=True)
    path.mkdir(parents=True, exist_ok=True)
    written = replace(info, sha256=hashlib.sha256(data).hexdigest(), path=path)
    with replacing(written.onnx) as new:
        new.write_bytes(data)
    written.write()
    return written
