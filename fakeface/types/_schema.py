"""Predictions in pydantic models and FastAPI programs; pydantic itself is not required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakeface.types._prediction import Prediction

_VERDICTS = ["fake", "uncertain", "real", "no_face", "too_small"]
_P_FAKE = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}],
    "description": "Calibrated score, 0 to 1: higher, more like AI; null if not scored.",
}
_STRING_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_COUNT_OR_NULL = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of `Prediction.as_dict`."""
    box = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 4,
        "description": "Left, top, width and height in pixels of the upright picture.",
    }
    face = {
        "type": "object",
        "properties": {
            "box": box,
            "detection_score": {
                "type": "number",
                "description": "Confidence of the face finder, 0 to 1.",
            },
            "p_fake": _P_FAKE,
            "verdict": {"type": "string", "enum": _VERDICTS},
        },
        "required": ["box", "detection_score", "p_fake", "verdict"],
    }
    size = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
    properties = {
        "source": {"type": "string"},
        "verdict": {"anyOf": [{"type": "string", "enum": _VERDICTS}, {"type": "null"}]},
        "p_fake": _P_FAKE,
        "faces": {"type": "array", "items": face},
        "size": {"anyOf": [size, {"type": "null"}]},
        "model": {"type": "string"},
        "settings": {"type": "string"},
        "digest": _STRING_OR_NULL,
        "error": _STRING_OR_NULL,
        "says": _STRING_OR_NULL,
        "provenance": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "frames": _COUNT_OR_NULL,
        "frame": _COUNT_OR_NULL,
    }
    return {
        "title": "Prediction",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def core_schema(cls: type[Prediction]) -> Any:
    """Return how pydantic validates predictions (also their records) and serializes them.

    Args:
        cls: `Prediction`.

    Returns:
        A schema of `pydantic_core`.
    """
    from pydantic_core import core_schema as core

    def validate(value: Any) -> Prediction:
        if isinstance(value, cls):
            return value
        try:
            faces = [
                {**face, "box": list(box.values()) if isinstance(box, dict) else box}
                for face in value["faces"]
                for box in [face["box"]]  # an object in the record of `dataclasses.asdict`
            ]
            return cls.from_dict({**value, "faces": faces})
        except (KeyError, TypeError) as error:
            raise ValueError(f"is not a record of a prediction: {error!r}") from error

    return core.no_info_plain_validator_function(
        validate,
        ref="fakeface.Prediction:1",
        serialization=core.plain_serializer_function_ser_schema(cls.as_dict),
    )
