"""How a head is trained, and the weight of each picture in the loss.

`balance` is one of:

`none`    every picture weighs the same, as in the report.
`class`   AI and Real weigh the same in total.
`source`  AI and Real weigh the same in total, and so do the sources within each.

`source_weights` multiplies the weights of the sources it names. It is the means against a trap of
mixed data: where most AI pictures look like one source of photographs, a detector learns that
look as AI, unless that source of photographs weighs as much as they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from train._checks import check, check_one_of
from train.data._sample import Sample
from train.errors import RecipeError

BALANCES = ("none", "class", "source")


@dataclass(frozen=True, slots=True)
class FitSpec:
    """How a head is trained: Adam on binary cross-entropy.

    Attributes:
        epochs: Maximum of passes over the training pictures.
        batch_size: Pictures per step.
        learning_rate: Learning rate of Adam.
        patience: Stop after so many epochs without a lower loss on `val`; the weights of the best
            epoch are kept in any case.
        balance: Balancing of the loss, as above.
        source_weights: Factors for the origins named.
    """

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 5
    balance: str = "none"
    source_weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that cannot be trained with."""
        for name in ("epochs", "batch_size", "patience"):
            value = getattr(self, name)
            check(value >= 1, f"fit.{name} must be at least 1", value)
        check(self.learning_rate > 0, "fit.learning_rate must be above 0", self.learning_rate)
        check_one_of("fit.balance", self.balance, BALANCES)
        for origin, weight in self.source_weights.items():
            check(weight >= 0, f"fit.source_weights.{origin} must not be negative", weight)


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
