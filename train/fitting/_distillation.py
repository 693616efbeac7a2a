"""Distillation: what a teacher sees in the pictures, as targets beside their labels.

While it is trained, the network predicts from its pooled features what the teacher sees in the
whole, clean crop, whatever augmentation and cut it is shown itself ("Distilling the knowledge in a
neural network", Hinton et al. 2015, arXiv 1503.02531; of features, "FitNets", Romero et al. 2015,
arXiv 1412.6550). Targets are the teacher's features, whitened, and the logit of a logistic
regression on all of them: the direction that matters here may be small among the features.
Both are fitted on the pictures that are trained on and on no others, the logit as the recipe
`large` fits its head.

In the end the teacher's logit, predicted from the network's features by ridge regression ("Ridge
regression: biased estimation for nonorthogonal problems", Hoerl and Kennard 1970), is mixed into
its own head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.data._sample import Sample
from train.data._sampler import BatchItem, batches
from train.errors import DataError
from train.fitting._encoder import fit_head
from train.fitting._inference import pool
from train.fitting._shards import row_id
from train.fitting._teacher_features import Features, read_features
from train.networks._heads import LOGIT
from train.progress import console
from train.recipes._encoder_spec import EncoderSpec

if TYPE_CHECKING:
    import keras

    from train.recipes import DistillationSpec, FinetuneRecipe, SamplingSpec

_DRAWN = 8192  # pictures, as batches are sampled, that the components are fitted on
_FEWEST = 0.5  # share of the training pictures that must have features
_BATCH = 32
_HEAD = EncoderSpec(inverse_penalty=0.0005)  # as in the recipe `large`
_PENALTY = 1.0  # of the ridge regression, on features as they are; chosen on `val`


@dataclass(frozen=True, slots=True)
class Targets:
    """What the network predicts of the teacher.

    Attributes:
        rows: Components, then the logit, by name of the sample; each of mean 0 and variance 1.
        width: Length of a row.
        mean: Mean of the logit of Real before it was standardised.
        deviation: Its standard deviation.
    """

    rows: dict[str, npt.NDArray[np.float32]]
    width: int
    mean: float = 0.0
    deviation: float = 1.0

    def of(self, items: Sequence[BatchItem]) -> npt.NDArray[np.float32]:
        """Return the targets of a batch, [n, width]; NaN for pictures without features."""
        unknown = np.full(self.width, np.nan, np.float32)
        return np.stack(
            [
                unknown if item.reconstructed else self.rows.get(item.sample.name, unknown)
                for item in items
            ]
        )


def read_targets(
    train: Sequence[Sample], spec: DistillationSpec, sampling: SamplingSpec, seed: int
) -> Targets:
    """Read a teacher's features and fit the targets on the training pictures.

    Args:
        train: The training pictures.
        spec: File and number of components.
        sampling: How batches are sampled.
        seed: Seed for all random choices.

    Raises:
        DataError: The file cannot be read, or lacks too many of the pictures.
    """
    features = read_features(Path(spec.features))
    known = {s.name: features[row_id(s)] for s in train if row_id(s) in features}
    if len(known) < _FEWEST * len(train):
        raise DataError(
            f"{spec.features}: has features of {len(known):,} of the {len(train):,} training"
            " pictures; write the others with `python -m train teacher`, with the same way of"
            " finding faces"
        )
    console.print(f"teacher: features of {len(known):,} of {len(train):,} pictures", soft_wrap=True)
    return fit_targets(train, known, spec, sampling, seed)


def fit_targets(
    train: Sequence[Sample],
    features: Features,
    spec: DistillationSpec,
    sampling: SamplingSpec,
    seed: int,
) -> Targets:
    """Fit whitened components and the logit, and compute those of every picture.

    Args:
        train: The training pictures.
        features: Rows by name of the sample.
        spec: Number of components.
        sampling: How batches are sampled.
        seed: Seed for all random choices.

    Raises:
        DataError: There are fewer features or pictures than components.
    """
    from sklearn.decomposition import PCA

    drawn = islice(batches(train, sampling, _BATCH, frozenset(), seed), _DRAWN // _BATCH)
    items = [item.sample for item in chain.from_iterable(drawn) if item.sample.name in features]
    table = np.stack(list(features.values())).astype(np.float64)
    at = {name: row for row, name in enumerate(features)}
    shown = table[[at[sample.name] for sample in items]]
    if spec.components > min(len(features), shown.shape[1]):
        raise DataError(
            f"distillation.components must be at most {min(len(features), shown.shape[1])} for"
            f" {len(features)} pictures with features, got {spec.components}"
        )
    components = PCA(spec.components, whiten=True, random_state=seed).fit(shown)
    samples = {sample.name: sample for sample in train}
    logits = fit_head(table, [samples[name] for name in features], _HEAD).logits(table)
    mean, deviation = float(logits.mean()), float(logits.std())
    standardised = (logits - mean) / deviation
    rows = np.column_stack([components.transform(table), standardised]).astype(np.float32)
    return Targets(dict(zip(features, rows, strict=True)), rows.shape[1], mean, deviation)


def mix_heads(
    model: keras.Model, targets: Targets, train: Sequence[Sample], recipe: FinetuneRecipe
) -> None:
    """Mix the teacher's logit, as it can be predicted, into the head of a trained detector.

    A ridge regression predicts it from what the head reads of whole crops without augmentation.
    Linear in the same features, the mix is again one head.

    Args:
        model: The detector, with a linear layer `logit`.
        targets: What the teacher says.
        train: The training pictures.
        recipe: The crop, and the teacher's share of the head.

    Raises:
        DataError: A picture cannot be decoded any more.
    """
    from sklearn.linear_model import Ridge

    known = [sample for sample in train if sample.name in targets.rows]
    logits = [targets.rows[s.name][-1] * targets.deviation + targets.mean for s in known]
    taught = Ridge(_PENALTY).fit(pool(model, known, recipe), logits)
    share, head = recipe.finetune.distillation.head_share, model.get_layer(LOGIT)
    kernel, bias = head.get_weights()
    kernel = (1 - share) * kernel + share * taught.coef_[:, np.newaxis]
    head.set_weights([kernel, (1 - share) * bias + share * taught.intercept_])
