"""Recipes in the `run.json` of models that were trained before 0.2.0: what moved, what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOVED = {
    ("reconstructions", "weak_augmentation"): "weak_augmentation",
    ("super_resolved", "probability"): "show_generated",
}
"""Keys of tables that are gone, and their names in `finetune.autoencoders`."""

_WITHOUT_EFFECT = {
    "reconstructions": ("per_source", "steps", "pictures", "least_shrink"),
    "super_resolved": ("per_source",),
}
"""Keys that said something only beside those of `_GONE`."""

_GONE: dict[tuple[str, ...], Any] = {
    ("reconstructions", "upscalers"): [],
    ("super_resolved", "networks"): [],
    ("test_time_augmentation",): ["plain"],
    ("second_round",): None,
}
"""Keys whose code is gone, and the values that ask for none of it."""

LAST = "69fdf81"
"""Commit that has the code of `_GONE`."""


def without_former_keys(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a recipe's table with the keys of today.

    Args:
        table: Nested plain values, as in a TOML file.

    Raises:
        ValueError: It asks for something that is gone.
    """
    out = dict(table)
    if not isinstance(table.get("finetune"), Mapping):
        return out
    out["finetune"] = finetune = dict(table["finetune"])
    former = {
        name: dict(finetune[name])
        for name in ("reconstructions", "super_resolved")
        if isinstance(finetune.get(name), Mapping)
    }
    for key, harmless in _GONE.items():
        holder = finetune if len(key) == 1 else former.get(key[0], {})
        value = holder.pop(key[-1], harmless)
        if (list(value) if isinstance(value, (list, tuple)) else value) != harmless:
            raise ValueError(
                f"finetune.{'.'.join(key)} = {value} is no longer supported; commit {LAST} has the"
                " code"
            )
    for (name, moved), now in _MOVED.items():
        if moved in former.get(name, {}):
            autoencoders = dict(finetune.get("autoencoders", {}))
            if now in autoencoders:
                raise ValueError(f"finetune.{name}.{moved} is now autoencoders.{now}: give one")
            finetune["autoencoders"] = autoencoders | {now: former[name].pop(moved)}
    for name, rest in former.items():
        if not set(rest) - set(_WITHOUT_EFFECT[name]):
            del finetune[name]
    return out
