"""Build frozen dataclasses from TOML tables with checked types.

`cattrs` converts `"3"` to 3 and 3.7 to 3 unless every type gets a hook; `msgspec` ignores unknown
fields of dataclasses.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def override(table: dict[str, Any], setting: str) -> None:
    """Put `field=value` into a table, `field` being a dotted name.

    The value is read as TOML, and as plain text where that fails.

    Raises:
        ValueError: It is not of that form, or goes through what is no table.
    """
    name, equals, text = setting.partition("=")
    *tables, last = name.strip().split(".")
    if not equals or not last:
        raise ValueError(f"override {setting!r} is not of the form field=value")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()
    for part in tables:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise ValueError(f"override {setting!r}: {part!r} is not a table")
    table[last] = value


def build(kind: type[T], table: object, where: str = "", *, known_only: bool = False) -> T:
    """Make a dataclass of a table.

    Args:
        kind: The dataclass; its fields are plain types, dictionaries of them, or dataclasses.
        table: A mapping, nested as the dataclass is; what it leaves out takes the default.
        where: Dotted name of the table, for messages.
        known_only: Leave out unknown fields instead of refusing them.

    Returns:
        An instance of `kind`.

    Raises:
        ValueError: A field is unknown, or the dataclass refuses a value.
        TypeError: A value is of another type.
    """
    if not isinstance(table, Mapping):
        raise TypeError(f"{where or 'it'} must be a table, got {table!r}")
    types = get_type_hints(kind)
    assert is_dataclass(kind)
    hints = {field.name: types[field.name] for field in fields(kind)}
    prefix = f"{where}." if where else ""
    unknown = [key for key in table if key not in hints]
    if unknown and not known_only:
        raise ValueError(f"unknown {prefix}{unknown[0]}; known: {', '.join(hints)}")
    given = {
        key: _value(hints[key], value, prefix + key, known_only)
        for key, value in table.items()
        if key in hints
    }
    return kind(**given)


def _value(hint: Any, value: Any, where: str, known_only: bool) -> Any:
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return build(hint, value, where, known_only=known_only)
    if get_origin(hint) is dict:
        if not isinstance(value, Mapping):
            raise TypeError(f"{where} must be a table, got {value!r}")
        kind = get_args(hint)[1]
        return {key: _value(kind, v, f"{where}.{key}", known_only) for key, v in value.items()}
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{where} must be a list, got {value!r}")
        inner = get_args(hint)
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            raise TypeError(f"{where} must be a list of {len(inner)}, got {value!r}")
        return tuple(_value(inner[0], v, f"{where}[{i}]", False) for i, v in enumerate(value))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise TypeError(f"{where} must be of type {hint.__name__}, got {value!r}")
    return value
