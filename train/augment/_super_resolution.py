"""Super-resolved pictures: upscaled by a network from their full size and shrunk back.

Phones, albums and data sets (CelebA-HQ: Karras et al. 2018, arXiv 1710.10196, appendix C) have
networks sharpen photographs of people. The content is still that of the photograph, so the label is
preserved: photographs stay photographs, AI pictures AI pictures. Shown with and without, the trace
of an upscaler alone decides nothing. In `train.augment._reconstructions` the same networks invent
detail from a small version; that counts as AI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train._checks import check_share
from train.augment._reconstructions import (
    open_upscaling,
    partition,
    stratified_sample,
    write_missing,
)
from train.augment._upscalers import check_names

if TYPE_CHECKING:
    from train.data._sample import Sample

SHRINK = (1.0, 1.2)
"""Range of the factor by which a picture is shrunk before it is upscaled: hardly at all."""


@dataclass(frozen=True, slots=True)
class SuperResolutionSpec:
    """How many pictures are super-resolved, and how often they are shown so.

    Attributes:
        probability: Probability that a picture with a super-resolved version is shown as that.
        per_source: Pictures per source, of either class, that are super-resolved; they are divided
            evenly between the networks.
        networks: Names from `train.augment._upscalers.UPSCALERS`; empty for none.
    """

    probability: float = 0.5
    per_source: int = 60
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `ValueError` for unknown networks and probabilities outside 0 to 1."""
        check_names("super_resolved.networks", self.networks)
        check_share("super_resolved.probability", self.probability)


def write_super_resolved(
    samples: Sequence[Sample], spec: SuperResolutionSpec, seed: int, folder: Path
) -> dict[str, Path]:
    """Write the super-resolved pictures that are missing.

    Args:
        samples: The training pictures.
        spec: How many, and by which networks.
        seed: Seed for all random choices.
        folder: Where they are written.

    Returns:
        File of every super-resolved picture, by the name of its sample.

    Raises:
        WeightsError: The networks are not installed.
    """
    chosen = stratified_sample(samples, spec.per_source, np.random.default_rng([seed, 2]))
    files: dict[str, Path] = {}
    for name, share in partition(chosen, spec.networks).items():
        opens = partial(open_upscaling, name, SHRINK)
        files |= write_missing(opens, share, folder, seed, f"super-resolved ({name})")
    return files
