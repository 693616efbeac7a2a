"""Settings of a linear head on a frozen encoder: the table `[encoder]` of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from train.recipes._checks import check, check_one_of
from train.recipes._specs import SPLITS

REGIONS = ("all", "centre")


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """Pictures of an origin that are used at most.

    Attributes:
        ai: AI pictures of an origin.
        real: Photographs of an origin.
        origins: The same for the origins named.
    """

    ai: int = 1_000_000
    real: int = 1_000_000
    origins: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` for limits below 1."""
        for most in (self.ai, self.real, *self.origins.values()):
            check(most > 0, "encoder.limits must be above 0", most)


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What the head reads of the encoder (`train.networks._teacher`), and how it is fitted.

    Attributes:
        blocks: Numbers of the blocks, from 1, whose tokens are averaged.
        regions: Where they are averaged: `all`, or `centre`, the middle 8 x 8 of 14 x 14 places.
        inverse_penalty: Of the logistic regression, on standardised features.
        exponent: An origin of n pictures weighs as n to the power of 1 minus this.
        limits: Pictures of an origin that are used at most, by split.
        folds: Parts of the families and origins that are left out in turn, for the calibration.
        spread: Origins that are never left out as a whole: their pictures are spread over the
            folds. A head without FFHQ's photographs, which many generators imitate, says nothing
            of one that has them.
    """

    blocks: tuple[int, ...] = (6, 8, 9, 10)
    regions: tuple[str, ...] = ("all",)
    inverse_penalty: float = 0.003
    exponent: float = 0.5
    limits: dict[str, LimitSpec] = field(default_factory=dict)
    folds: int = 5
    spread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that make no head."""
        for name in ("blocks", "regions"):
            values = getattr(self, name)
            check(len(set(values)) == len(values) > 0, f"encoder.{name} must be some, once", values)
        for block in self.blocks:
            check(1 <= block <= 12, "encoder.blocks must be 1 to 12", block)
        for region in self.regions:
            check_one_of("encoder.regions", region, REGIONS)
        for split in self.limits:
            check_one_of("encoder.limits", split, SPLITS)
        check(
            self.inverse_penalty > 0,
            "encoder.inverse_penalty must be above 0",
            self.inverse_penalty,
        )
        check(0 <= self.exponent <= 1, "encoder.exponent must be 0 to 1", self.exponent)
        check(self.folds >= 2, "encoder.folds must be at least 2", self.folds)
