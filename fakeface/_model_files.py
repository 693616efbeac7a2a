"""Reading the files of a model directory, which may come from anybody: bounded, and strict."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakeface._errors import ModelError, reason_of
from fakeface.files._sniff import READ_ONLY

MAX_DESCRIPTION = 4 << 20
"""Bytes of `model.json` and `golden.json` at most."""

MAX_ONNX = 1 << 30
"""Bytes of `model.onnx` at most."""

_TEXT = 10_000
_DEPTH = 64

_LOCATION = re.compile(rb"(?:\x0a|\x8a\x80*\0)(?:\x08|\x88\x80*\0)location")
"""The key of every reference as protobuf writes it: field 1, eight letters. Numbers may be written
longer than they need be."""


def read_file(path: Path, most: int, model: str) -> bytes:
    """Read all of a regular file of at most `most` bytes; nothing is waited for.

    Raises:
        FileNotFoundError: There is no such file.
        ModelError: It is a pipe, a device or a folder, is too large, or cannot be read.
    """
    try:
        descriptor = os.open(path, READ_ONLY)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ModelError(model, f"{path.name} is not a regular file")
            # no more than it holds: Python first allocates as much as is asked for
            data = file.read(status.st_size + 1) if status.st_size <= most else b""
    except FileNotFoundError:
        raise
    except (OSError, ValueError, MemoryError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error) or "no memory"
        raise ModelError(model, f"{path.name}: {reason}") from error
    if len(data) > most or status.st_size > most:
        raise ModelError(model, f"{path.name} is larger than the {most >> 20:,} MiB allowed")
    return data


def reject_reason(onnx: bytes) -> str | None:
    """Tell why the bytes of a model are not to be opened; None where all that it needs is in it.

    Tensors of an ONNX file may lie in other files. ONNX Runtime, given bytes, looks for those in
    the current directory: whoever can write there could change what a model says, though the
    sha256 of `model.onnx` is the one described. A model that calls a tensor `location` is rejected
    too.
    """
    if onnx[4:8] == b"ORTM":
        return "is a file in the format ORT; it has to be ONNX"
    if b"EPContext" in onnx:
        return "holds nodes for one provider alone (EPContext), which may read other files"
    if _LOCATION.search(onnx):
        return (
            "keeps weights in other files (external data), or calls a tensor `location`; export it"
            " with all in one file"
        )
    return None


def read_json(data: bytes) -> dict[str, Any]:
    """Read a JSON object as the standard has it: no NaN, no name twice, no endless nesting.

    Raises:
        ValueError: It is none.
    """
    try:
        raw = json.loads(
            data.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_without_doubles
        )
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    if not isinstance(raw, dict):
        raise ValueError(f"holds a {type(raw).__name__} where an object is due")
    _check_depth(raw, _DEPTH)
    return raw


def same_description(embedded: str | None, described: str) -> bool:
    """Whether the description inside an ONNX file is the one beside it."""
    if embedded is None or len(embedded) > MAX_DESCRIPTION:
        return False
    try:
        return bool(read_json(embedded.encode("utf-8", "surrogatepass")) == json.loads(described))
    except ValueError:
        return False


def text(raw: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """A text of a description.

    Raises:
        KeyError: It is missing and there is no default.
        ValueError: It is no text, empty, too long or unprintable.
    """
    value = raw[key] if default is None else raw.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"{key!r} must be text, got {_short(value)}")
    if len(value) > _TEXT or (default is None and not value.strip()):
        raise ValueError(f"{key!r} must be a text of 1 to {_TEXT:,} characters")
    if default is None and not value.isprintable():
        raise ValueError(f"{key!r} holds characters that cannot be printed")
    return value


def number(raw: Mapping[str, Any], key: str, least: float, most: float) -> float:
    """A number of a description, within its range.

    Raises:
        KeyError: It is missing.
        ValueError: It is no number, or beyond its range.
    """
    value = raw[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{key!r} must be a number, got {_short(value)}")
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{key!r} must be {least:g} to {most:g}, got {_short(value)}")
    return value


def whole(raw: Mapping[str, Any], key: str, least: int, most: int) -> int:
    """A whole number of a description, within its range; errors are those of `number`."""
    value = number(raw, key, least, most)
    if not isinstance(value, int):
        raise ValueError(f"{key!r} must be a whole number, got {_short(value)}")
    return value


def listed(raw: Mapping[str, Any], key: str, count: tuple[int, int]) -> list[Any]:
    """A list of a description.

    Raises:
        KeyError: It is missing.
        ValueError: It is no list, or holds fewer or more than allowed.
    """
    values = raw[key]
    if not isinstance(values, list) or not count[0] <= len(values) <= count[1]:
        allowed = f"{count[0]}" if count[0] == count[1] else f"{count[0]} to {count[1]}"
        raise ValueError(f"{key!r} must be a list of {allowed}, got {_short(values)}")
    return values


def table(raw: Mapping[str, Any], key: str, keys: set[str] | None = None) -> dict[str, Any]:
    """An object of a description with no names but `keys`; empty where it is missing.

    Raises:
        ValueError: It is no object, or has other names.
    """
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key!r} must be an object, got {_short(value)}")
    if keys is not None and (unknown := sorted(set(value) - keys)):
        raise ValueError(f"{key!r} has unknown names: {_short(', '.join(unknown))}")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has one name twice")
    return found


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise ValueError("is nested too deeply")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number beyond all bounds")
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        _check_depth(inner, left - 1)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
