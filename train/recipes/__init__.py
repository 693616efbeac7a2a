"""Recipes: everything that makes a detector but the data, as small TOML files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.recipes._finetune_spec import FinetuneSpec
    from train.recipes._recipe import (
        FinetuneRecipe,
        FrozenRecipe,
        Recipe,
        load_recipe,
        recipe_from_dict,
        recipe_names,
        to_toml,
    )

__all__ = [
    "FinetuneRecipe",
    "FinetuneSpec",
    "FrozenRecipe",
    "Recipe",
    "load_recipe",
    "recipe_from_dict",
    "recipe_names",
    "to_toml",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "train.recipes._finetune_spec": ("FinetuneSpec",),
        "train.recipes._recipe": (
            "FinetuneRecipe",
            "FrozenRecipe",
            "Recipe",
            "load_recipe",
            "recipe_from_dict",
            "recipe_names",
            "to_toml",
        ),
    },
)
