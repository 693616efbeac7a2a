"""The weight of each picture in the loss of a head.

`balance` is one of:

`none`    every picture weighs the same, as in the report.
`class`   AI and Real weigh the same in total.
`source`  AI and Real weigh the same in total, and so do the sources within each.

`source_weights` multiplies the weights of the sources it names. It is the means against a trap of
mixed data: where most AI pictures look like one source of photographs, a detector learns that
style as AI, unless that source of photographs weighs as much as they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from train.data._sample import Sample
from train.errors import RecipeError
from train.recipes import FitSpec


def sample_weights(samples: Sequence[Sample], spec: FitSpec) -> npt.NDArray[np.float32]:
    """Return the weights of samples in the loss.

    Args:
        samples: The samples of one split.
        spec: `balance` and `source_weights`.

    Returns:
        float32, shape [n], with a mean of 1.

    Raises:
        RecipeError: `source_weights` leaves nothing.
    """
    weights = np.array([spec.source_weights.get(s.origin, 1.0) for s in samples])
    groups: list[tuple[int, str]] = [(0, "")] * len(samples)
    if spec.balance == "class":
        groups = [(s.label, "") for s in samples]
    elif spec.balance == "source":
        groups = [(s.label, s.origin) for s in samples]
        origins = Counter(label for label, _ in set(groups))
        weights = weights / np.array([origins[s.label] for s in samples])
    sizes = Counter(groups)
    weights = weights / np.array([sizes[group] for group in groups])
    if not weights.sum() > 0:
        raise RecipeError("fit.source_weights leaves no picture with a weight above 0")
    return np.asarray(weights / weights.mean(), np.float32)
