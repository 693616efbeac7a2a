"""A linear head on the averaged tokens of an encoder."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from train.errors import RunError
from train.networks._teacher import ENCODER_PATCH, ENCODER_SIDE

Floats = npt.NDArray[np.float64]

PLACES = ENCODER_SIDE // ENCODER_PATCH
"""Side of the map of tokens."""

_CENTRE = slice(3, 11)


def region_weights(region: str) -> Floats:
    """Return what each place counts in the mean of a region, shape [places, places], mean 1."""
    weights = np.ones((PLACES, PLACES))
    if region == "centre":
        inside = np.zeros_like(weights)
        inside[_CENTRE, _CENTRE] = 1
        weights = inside / inside.mean()
    return weights


def pool_tokens(
    tokens: Sequence[npt.NDArray[np.float32]], regions: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Average the tokens of a picture.

    Args:
        tokens: The tokens after each block, [1 + places * places, width]; the first has no place.
        regions: Where they are averaged.

    Returns:
        The means, region by region, in each block by block, [regions * blocks * width].
    """
    weights = [region_weights(region).ravel().astype(np.float32) for region in regions]
    return np.concatenate([(w @ each[1:]) / len(w) for w in weights for each in tokens])


@dataclass(frozen=True, slots=True)
class EncoderHead:
    """A linear head.

    Attributes:
        blocks: Numbers of the blocks, from 1.
        regions: Where their tokens are averaged.
        kernel: Weights in the logit of Real, shape [regions, blocks, width].
        bias: Of the logit of Real.
    """

    blocks: tuple[int, ...]
    regions: tuple[str, ...]
    kernel: Floats
    bias: float

    def logits(self, rows: npt.NDArray[np.floating[Any]]) -> Floats:
        """Return the logits of Real for rows of `pool_tokens`."""
        return np.asarray(rows, np.float64) @ self.kernel.ravel() + self.bias

    def save(self, path: Path) -> None:
        """Write the head as a NumPy archive."""
        with path.open("wb") as file:
            np.savez(
                file, blocks=self.blocks, regions=self.regions, kernel=self.kernel, bias=self.bias
            )


def load_head(path: Path) -> EncoderHead:
    """Read a head.

    Raises:
        RunError: The file is missing or broken.
    """
    try:
        with np.load(path) as archive:
            head = EncoderHead(
                tuple(archive["blocks"].tolist()),
                tuple(archive["regions"].tolist()),
                archive["kernel"].astype(np.float64),
                float(archive["bias"]),
            )
        if head.kernel.shape[:2] != (len(head.regions), len(head.blocks)):
            raise ValueError("kernel and blocks do not fit")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(f"{path}: cannot be read as a head ({error})") from error
    return head
