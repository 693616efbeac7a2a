"""Recipe keys from before 0.2.0, so that old recipe files, `run.json` and `model.json` load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALIASES = {
    "finetune.start": "initial_checkpoint",
    "finetune.start_head": "initial_head",
    "finetune.taps": "feature_layers",
    "finetune.every": "evaluation_interval",
    "finetune.windows": "random_crop_sizes",
    "finetune.window_shares": "random_crop_schedule",
    "finetune.halved": "low_resolution_probability",
    "finetune.ranking": "ranking_loss_weight",
    "finetune.local": "patch_loss_weight",
    "finetune.views": "test_time_augmentation",
    "finetune.again": "second_round",
    "finetune.second_round.windows": "random_crop_sizes",
    "finetune.second_round.window_shares": "random_crop_schedule",
    "finetune.mix": "sampling",
    "finetune.sampling.ghosts": "reconstructions",
    "finetune.sampling.shares": "weights",
    "finetune.sampling.power": "exponent",
    "finetune.augment.clean": "identity",
    "finetune.augment.again": "recompress",
    "finetune.augment.equalise": "match_sharpness",
    "finetune.ghosts": "reconstructions",
    "finetune.reconstructions.gentle": "weak_augmentation",
    "finetune.enhanced": "super_resolved",
    "finetune.super_resolved.chance": "probability",
}
"""Current name by former dotted key; the tables before the last name go by their current names."""


def current_key(key: str) -> str:
    """Return the current dotted key for a former or current one."""
    parts: list[str] = []
    for part in key.split("."):
        parts.append(ALIASES.get(".".join([*parts, part]), part))
    return ".".join(parts)


def with_current_keys(table: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Return a copy of a recipe's nested table with the current keys.

    Args:
        table: Nested plain values, as in a TOML file.
        where: Dotted key of the table itself, ending in a dot; empty for the whole recipe.

    Raises:
        ValueError: A field stands there under both its former and its current name.
    """
    out: dict[str, Any] = {}
    for key, value in table.items():
        name = ALIASES.get(where + key, key)
        if name in out:
            raise ValueError(f"{where}{name} is given twice: {where}{key} is its former name")
        nested = isinstance(value, Mapping)
        out[name] = with_current_keys(value, f"{where}{name}.") if nested else value
    return out
