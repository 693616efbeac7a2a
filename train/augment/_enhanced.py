"""Pictures that a network enhanced: enlarged from their full size and shrunk back.

Phones, albums and data sets (CelebA-HQ: Karras et al. 2018, arXiv 1710.10196, appendix C) have
photographs of people sharpened by networks. What the photograph showed is still there, so it stays
a photograph, and an AI picture stays an AI picture: shown both ways, an upscaler's trace alone
decides nothing. `train.augment._reconstructions` has the same networks invent what was not there;
that is AI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train._checks import check_share
from train.augment._reconstructions import drawn, shared_out, some_of_each, upscaler
from train.augment._upscalers import check_names

if TYPE_CHECKING:
    from train.data._sample import Sample

SHRINK = (1.0, 1.2)
"""How far a picture is shrunk before a network enlarges it: what it showed is still there."""


@dataclass(frozen=True, slots=True)
class EnhancedSpec:
    """How many pictures are enhanced, and how often they are shown so.

    Attributes:
        chance: That a picture is shown as it was enhanced, where it has been.
        per_source: Pictures of every source, of either class, that are enhanced; they are divided
            evenly between the networks.
        networks: Names from `train.augment._upscalers.UPSCALERS`; none for no such pictures.
    """

    chance: float = 0.5
    per_source: int = 60
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse networks that there are not, and no chances (`ValueError`)."""
        check_names("enhanced.networks", self.networks)
        check_share("enhanced.chance", self.chance)


def make_enhanced(
    samples: Sequence[Sample], spec: EnhancedSpec, seed: int, folder: Path
) -> dict[str, Path]:
    """Make the enhanced pictures that are missing.

    Args:
        samples: The training pictures.
        spec: How many and how.
        seed: Of everything that is drawn.
        folder: Where they are kept.

    Returns:
        The file of every picture that has been enhanced, by the name of the sample.

    Raises:
        WeightsError: The networks are not installed.
    """
    chosen = some_of_each(samples, spec.per_source, np.random.default_rng([seed, 2]))
    files: dict[str, Path] = {}
    for name, share in shared_out(chosen, spec.networks).items():
        opens = partial(upscaler, name, SHRINK)
        files |= drawn(opens, share, folder, seed, f"enhanced ({name})")
    return files
