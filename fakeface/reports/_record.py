"""Records: predictions as plain values that every reader of JSON and Parquet takes.

A file's name may hold bytes that are not UTF-8, which Python keeps as lone surrogates (PEP 383) and
most other readers refuse. They are escaped here, reversibly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fakeface.reports._escape import escape, unescape
from fakeface.types import Prediction
from fakeface.types._prediction import found_with

NOT_A_RECORD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Exceptions for what is not a record."""


def record_of(prediction: Prediction) -> dict[str, Any]:
    """Return the values of `Prediction.as_dict`, with texts that are UTF-8."""
    record: dict[str, Any] = in_utf8(prediction.as_dict())
    return record


def in_utf8(values: Any) -> Any:
    """Return plain values in which all texts are UTF-8, escaped where they have to be."""
    return _texts(values, lambda text: escape(text, _is_utf8))


def prediction_of(record: Any) -> Prediction:
    """Return the prediction that `record_of` was given.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: It is not a record.
    """
    prediction = Prediction.from_dict(_texts(_checked(record), unescape))
    if prediction.provenance is not None:
        _ = prediction.provenance.ordered, prediction.provenance.label
    return prediction


def reason_for(error: Exception) -> str:
    """Return what is wrong with a record, in one line."""
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return " ".join(str(error).split())[:120] or type(error).__name__


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _texts(v, change) for key, v in value.items()}
    if isinstance(value, list):
        return [_texts(v, change) for v in value]
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked(record: Any) -> dict[str, Any]:
    """Check the types of a record, which a page or a program may rely on."""
    if not isinstance(record, dict):
        raise ValueError("it is no object")
    for key in ("source", "model", "settings"):
        if not isinstance(record[key], str):
            raise ValueError(f"{key!r} is no text")
    for key in ("error", "digest", "verdict"):
        if not isinstance(record[key], (str, type(None))):
            raise ValueError(f"{key!r} is no text")
    if (record["verdict"] is None) == (record["error"] is None):
        raise ValueError("it needs either a verdict or an error")
    if record["verdict"] is not None and record["size"] is None:
        raise ValueError("it has a verdict, and no size")
    if record["digest"] is not None:
        bytes.fromhex(record["digest"])
    _check_score(record["p_fake"])
    if record["size"] is not None and not (
        len(record["size"]) == 2 and all(_is_whole(side, 1) for side in record["size"])
    ):
        raise ValueError("'size' must be two whole numbers")
    for key in ("frames", "frame"):
        if record.get(key) is not None and not _is_whole(record[key], 0):
            raise ValueError(f"{key!r} is no whole number")
    for face in record["faces"]:
        _check_score(face["p_fake"])
        if not all(_is_number(value) for value in (found_with(face), *face["box"])):
            raise ValueError("a face has something else than numbers")
    said = record.get("provenance")
    if said is not None:
        texts = [*said["problems"], *(v for one in said["statements"] for v in one.values())]
        if not all(isinstance(text, (str, type(None))) for text in texts):
            raise ValueError("'provenance' has something else than texts")
        if not _is_whole(said["trailing"], 0):
            raise ValueError("'trailing' is no whole number")
    return record


def _check_score(p_fake: Any) -> None:
    if p_fake is not None and not (_is_number(p_fake) and 0 <= p_fake <= 1):
        raise ValueError("'p_fake' must be 0 to 1")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 1 << 40
