"""Settings of the parts that every recipe has, and of a head on a frozen backbone."""

from __future__ import annotations

from dataclasses import dataclass

from train.recipes._checks import check, check_one_of

POOLINGS = ("max", "global-average")
ACTIVATIONS = ("relu", "leaky_relu", "swish")
BALANCES = ("none", "class", "source")

SPLITS = ("train", "val", "test", "unseen")
"""Splits; `unseen` is never touched by fitting, calibration or the choice of anything."""


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
class HeadSpec:
    """The head on a frozen backbone (`train.networks._heads`).

    Attributes:
        pooling: `max` (MaxPooling2D 2x2, then Flatten) or `global-average`.
        units: Units of the hidden dense layer; 0 for none.
        activation: Of the hidden layer: `relu`, `leaky_relu` or `swish`.
    """

    pooling: str = "max"
    units: int = 128
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that make no head."""
        check_one_of("head.pooling", self.pooling, POOLINGS)
        check_one_of("head.activation", self.activation, ACTIVATIONS)
        check(self.units >= 0, "head.units must not be negative", self.units)


@dataclass(frozen=True, slots=True)
class FitSpec:
    """How such a head is trained: Adam on binary cross-entropy (`train.fitting._frozen`).

    Attributes:
        epochs: Maximum of passes over the training pictures.
        batch_size: Pictures per step.
        learning_rate: Learning rate of Adam.
        patience: Stop after so many epochs without a lower loss on `val`; the weights of the best
            epoch are kept in any case.
        balance: What weighs the same in the loss: `none` (every picture, as in the report),
            `class` (AI and Real in total), or `source` (these, and the origins within each).
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 5
    balance: str = "none"

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that cannot be trained with."""
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            check(value >= 1, f"fit.{name} must be at least 1", value)
        check(self.learning_rate > 0, "fit.learning_rate must be above 0", self.learning_rate)
        check_one_of("fit.balance", self.balance, BALANCES)
