"""Evidence maps from forward passes alone, without gradients.

A model with the output `cam` computes its class activation map (Zhou et al. 2016) in the same pass:
if the head is linear on averaged features, the logit is the mean of the contributions of all cells,
so the map is exact. Other models run again with parts of the face hidden (Zeiler and Fergus 2014).
RISE (Petsiuk et al. 2018) needs thousands of passes for a map that is not noise; a sliding window
needs `WINDOWS` x `WINDOWS`, which a laptop can afford.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Crops = npt.NDArray[np.uint8]

WINDOWS = 7
"""Positions of the window along each side; it covers two of the `WINDOWS` + 1 cells, so that
neighbouring positions overlap by half."""

_BATCH = 8
_EPSILON = 1e-7
"""Probabilities are clipped to this distance from 0 and 1, about the resolution of float32."""


def logit(p: npt.ArrayLike) -> Floats:
    """Return the logit of probabilities, clipped to ±16."""
    p = np.clip(np.asarray(p, np.float64), _EPSILON, 1 - _EPSILON)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def occlusion(crop: Crops, p_fake: float, predict: Callable[[Crops], Floats]) -> Floats:
    """Map by how much the logit of `fake` falls when a part of the face is hidden.

    A square window of the crop's mean colour slides over it in steps of half its side. Each cell
    gets the mean over the windows that cover it.

    Args:
        crop: RGB, uint8, shape (size, size, 3).
        p_fake: The score of the crop, 0 to 1.
        predict: The model, from crops of shape (n, size, size, 3) to `p_fake` of shape (n,).

    Returns:
        Logits, float32, shape (WINDOWS + 1, WINDOWS + 1); above 0 where the cell speaks for
        fake. If `p_fake` is 0 or 1 within float32's precision, falls are underestimated.
    """
    cells = WINDOWS + 1
    edges = np.linspace(0, crop.shape[0], cells + 1).round().astype(int)
    places = [(row, column) for row in range(WINDOWS) for column in range(WINDOWS)]
    colour = crop.mean(axis=(0, 1)).round().astype(np.uint8)
    unhidden = logit(p_fake)
    total = np.zeros((cells, cells), np.float32)
    windows = np.zeros((cells, cells), np.float32)
    for start in range(0, len(places), _BATCH):
        part = places[start : start + _BATCH]
        hidden = np.repeat(crop[np.newaxis], len(part), axis=0)
        for one, (row, column) in zip(hidden, part, strict=True):
            one[edges[row] : edges[row + 2], edges[column] : edges[column + 2]] = colour
        for (row, column), fall in zip(part, unhidden - logit(predict(hidden)), strict=True):
            total[row : row + 2, column : column + 2] += fall
            windows[row : row + 2, column : column + 2] += 1
    return total / windows
