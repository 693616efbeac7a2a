"""A recipe says everything that makes a detector but the data; it is a small TOML file.

    name = "report"
    description = "One line."
    mode = "frozen"             # the backbone is frozen and its features are cached
    faces = "find"              # or "whole": every picture is a face crop already
    seed = 0

    [backbone]
    name = "resnet50"           # `python -m train backbones` lists them
    weights = "imagenet"        # or "none", or a file

    [crop]                      # fakeface's CropSpec: what the model sees of a face
    size = 224
    margin = 1.5
    filter = "bicubic"

    [head]
    pooling = "max"             # see train/networks/_heads.py
    units = 128
    activation = "relu"
    dropout = 0.0

    [fit]
    epochs = 20
    batch_size = 32
    learning_rate = 1e-3
    patience = 5
    balance = "none"            # see train/fitting/_weighting.py

Tables and fields left out take the defaults of the classes below; unknown ones are refused. Every
field can be overridden by its dotted name (`fit.epochs=3`). To add a field, add it to a class
here: reading, overriding, checking of types and writing follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fakeface import CropSpec
from train._checks import check, check_one_of
from train.errors import RecipeError
from train.networks._heads import HeadSpec
from train.networks._tta import PLAIN
from train.recipes._aliases import current_key, with_current_keys
from train.recipes._finetune_spec import FinetuneSpec
from train.recipes._tables import build, dump, override, parse

RECIPES = Path(__file__).parent
"""Where the recipes are that can be named."""

MODES = ("frozen", "finetune")
FACES = ("find", "whole")
BALANCES = ("none", "class", "source")


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """Which backbone, and where its weights come from.

    Attributes:
        name: Name of a backbone, one of `train.networks.backbones.BACKBONES`.
        weights: `imagenet`, `none` (random, for tests and for training from scratch), or the path
            of a weights file.
    """

    name: str = "resnet50"
    weights: str = "imagenet"


@dataclass(frozen=True, slots=True)
class FitSpec:
    """How the weights are fitted: Adam on binary cross-entropy.

    Attributes:
        epochs: Passes over the training pictures at most.
        batch_size: Pictures per step.
        learning_rate: Of Adam.
        patience: Stop after so many epochs without a lower loss on `val`; the weights of the best
            epoch are kept in any case.
        balance: What a picture weighs in the loss; see `train.fitting._weighting`.
        source_weights: A factor on top for the sources named.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 5
    balance: str = "none"
    source_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted (`ValueError`)."""
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            check(value >= 1, f"fit.{name} must be at least 1", value)
        check(self.learning_rate > 0, "fit.learning_rate must be above 0", self.learning_rate)
        check_one_of("fit.balance", self.balance, BALANCES)
        for origin, weight in self.source_weights.items():
            check(weight >= 0, f"fit.source_weights.{origin} must not be negative", weight)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes a detector but the data.

    Attributes:
        name: Name, also that of the run directory.
        description: One line.
        mode: `frozen` (features are computed once and cached, heads train on them) or `finetune`
            (the backbone trains too).
        faces: `find` looks for the face in every picture as inference does, `whole` takes every
            picture as a face crop.
        seed: Of everything that is drawn: weights, order of pictures, histories, dropout. Not of
            splits: those are the same for all recipes (`train.data._splits`).
        backbone: Which backbone.
        crop: What the model sees of a face.
        head: What stands on the backbone.
        fit: How it is fitted, where `mode` is `frozen`.
        finetune: How it is fitted, where `mode` is `finetune`; see train/recipes/_finetune_spec.py.
    """

    name: str
    description: str = ""
    mode: str = "frozen"
    faces: str = "find"
    seed: int = 0
    backbone: BackboneSpec = field(default_factory=BackboneSpec)
    crop: CropSpec = field(default_factory=CropSpec)
    head: HeadSpec = field(default_factory=HeadSpec)
    fit: FitSpec = field(default_factory=FitSpec)
    finetune: FinetuneSpec | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no recipe (`ValueError`)."""
        plain = self.name.replace("-", "").replace("_", "").replace(".", "")
        check(plain.isalnum(), "name may hold letters, digits, '-', '_' and '.'", self.name)
        check_one_of("mode", self.mode, MODES)
        check_one_of("faces", self.faces, FACES)
        if (self.mode == "finetune") != (self.finetune is not None):
            raise ValueError('a table [finetune] goes with mode = "finetune", and only with it')
        if self.finetune is not None and (self.head, self.fit) != (HeadSpec(), FitSpec()):
            raise ValueError(
                "the tables [head] and [fit] (and --epochs) are for frozen backbones; how long a"
                " fine-tuning goes on is said by finetune.steps"
            )
        check(0 <= self.seed < 2**32, "seed must be 0 to 2**32 - 1", self.seed)

    @property
    def test_time_augmentation(self) -> tuple[str, ...]:
        """What the detector looks at to judge a crop (`train.networks._tta`)."""
        return (PLAIN,) if self.finetune is None else self.finetune.test_time_augmentation

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `recipe_from_dict` makes the recipe of them again."""
        return asdict(self)


def recipe_names() -> list[str]:
    """Names of the recipes that come with the repository."""
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
        RecipeError: There is no such recipe, or it says what cannot be.
    """
    path = RECIPES / f"{recipe}.toml"
    if not path.is_file():
        path = Path(recipe)
    try:
        table = parse(path.read_text(encoding="utf-8"))
        table = with_current_keys(table)
        table.setdefault("name", path.stem)
        for setting in overrides:
            key, equals, value = setting.partition("=")
            override(table, f"{current_key(key.strip())}{equals}{value}")
    except OSError as error:
        known = ", ".join(recipe_names())
        raise RecipeError(
            f"recipe {recipe!r} is neither one of {known} nor a file that can be read"
        ) from error
    except ValueError as error:
        raise RecipeError(f"recipe {recipe}: {error}") from error
    return recipe_from_dict(table, str(recipe))


def recipe_from_dict(table: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """Make a recipe of plain values.

    Args:
        table: As in a TOML file or from `Recipe.as_dict`; former keys are understood.
        where: What to call it in messages.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: It says what cannot be.
    """
    try:
        return build(Recipe, with_current_keys(table))
    except (ValueError, TypeError) as error:
        raise RecipeError(f"recipe {where}: {error}") from error


def to_toml(recipe: Recipe) -> str:
    """Write a recipe as the TOML that `load_recipe` reads."""
    return dump(recipe.as_dict())
