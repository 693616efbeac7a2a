"""The result of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.data._sample import Sample

if TYPE_CHECKING:
    import keras

    from train.evaluate._scores import Scores
    from train.networks._encoder_head import EncoderHead


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained detector.

    Attributes:
        model: From `image` (RGB of 0 to 255, [n, size, size, 3]) to P(Real), [n, 1], with a layer
            named `logit` before the sigmoid (`train.networks._heads.LOGIT`); or the head on an
            encoder.
        history: One row per epoch, with `epoch`, `loss`, `val_loss` and other measures.
        logits: Scores samples: the logit of class 1, Real, shape [n], by the fastest way there is.
        kept: The epoch, from 1 on, whose weights the model has; None where that is no epoch.
        held_out: Scores that calibration and thresholds are fitted on; None for those of `val`.
    """

    model: keras.Model | EncoderHead
    history: list[dict[str, float]]
    logits: Callable[[Sequence[Sample]], npt.NDArray[np.float64]]
    kept: int | None = None
    held_out: Scores | None = None
