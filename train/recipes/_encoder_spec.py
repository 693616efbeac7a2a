"""Settings of a linear head on a frozen encoder: the table `[encoder]` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from train._checks import check, check_one_of

PRECISIONS = ("float32", "int8")
REGIONS = ("all", "centre")
VIEWS = ("clean", "mirrored", "web", "hard", "random-1", "random-2", "random-3")


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What the head reads of the encoder (`train.networks._teacher`), and how it is fitted.

    Attributes:
        blocks: Numbers of the blocks, from 1, whose tokens are averaged.
        regions: Where they are averaged: `all`, or `centre`, the middle 8 x 8 of 14 x 14 places.
        precision: `float32` multiplies in float32 with the encoder's int8 weights; `int8` is what
            the encoder was made for, faster on processors with instructions for it, and noisy.
        views: How each picture is shown (`train.augment._views`); `clean` comes first.
        inverse_penalty: Of the logistic regression, on standardised features.
        exponent: An origin of n pictures weighs as n to the power of 1 minus this.
        most_ai: AI pictures of an origin at most.
        most_real: Photographs of an origin at most.
        most_of: The same for the origins named.
        folds: Parts of the families and origins that are left out in turn, for the calibration.
    """

    blocks: tuple[int, ...] = (6, 8, 9, 10)
    regions: tuple[str, ...] = ("all",)
    precision: str = "float32"
    views: tuple[str, ...] = ("clean",)
    inverse_penalty: float = 0.003
    exponent: float = 0.5
    most_ai: int = 170
    most_real: int = 90
    most_of: dict[str, int] = field(default_factory=dict)
    folds: int = 5

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that make no head."""
        for name in ("blocks", "regions", "views"):
            values = getattr(self, name)
            check(len(set(values)) == len(values) > 0, f"encoder.{name} must be some, once", values)
        for block in self.blocks:
            check(1 <= block <= 12, "encoder.blocks must be 1 to 12", block)
        for region in self.regions:
            check_one_of("encoder.regions", region, REGIONS)
        for view in self.views:
            check_one_of("encoder.views", view, VIEWS)
        check(self.views[0] == "clean", "encoder.views must begin with clean", self.views)
        check_one_of("encoder.precision", self.precision, PRECISIONS)
        for name in ("inverse_penalty", "most_ai", "most_real"):
            value = getattr(self, name)
            check(value > 0, f"encoder.{name} must be above 0", value)
        check(0 <= self.exponent <= 1, "encoder.exponent must be 0 to 1", self.exponent)
        for origin, most in self.most_of.items():
            check(most > 0, f"encoder.most_of.{origin} must be above 0", most)
        check(self.folds >= 2, "encoder.folds must be at least 2", self.folds)
