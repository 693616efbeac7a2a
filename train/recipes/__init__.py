"""Recipes: everything that makes a detector but the data, as small TOML files."""

from __future__ import annotations

from train.recipes._encoder_spec import EncoderSpec
from train.recipes._finetune_spec import (
    AugmentSpec,
    AutoencoderSpec,
    DistillationSpec,
    FinetuneSpec,
    SamplingSpec,
)
from train.recipes._recipe import (
    EncoderRecipe,
    FinetuneRecipe,
    FrozenRecipe,
    Recipe,
    load_recipe,
    recipe_from_dict,
    recipe_names,
    to_toml,
)
from train.recipes._specs import BackboneSpec, FitSpec, HeadSpec

__all__ = [
    "AugmentSpec",
    "AutoencoderSpec",
    "BackboneSpec",
    "DistillationSpec",
    "EncoderRecipe",
    "EncoderSpec",
    "FinetuneRecipe",
    "FinetuneSpec",
    "FitSpec",
    "FrozenRecipe",
    "HeadSpec",
    "Recipe",
    "SamplingSpec",
    "load_recipe",
    "recipe_from_dict",
    "recipe_names",
    "to_toml",
]
