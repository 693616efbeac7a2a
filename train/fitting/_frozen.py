"""Train a head on the cached features of a frozen backbone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.fitting._features import FeatureTable
from train.fitting._finalize import TrainingResult
from train.fitting._shards import Rows
from train.networks._heads import build_head, join
from train.progress import LINE_EVERY, console
from train.recipes._recipe import FrozenRecipe

if TYPE_CHECKING:
    import keras

_SCORED_AT_ONCE = 1024


def fit(recipe: FrozenRecipe, data: Data, cache: Cache, out: Path) -> TrainingResult:  # noqa: ARG001
    """Compute the features that are missing, then train the head; see `train.fitting._fit.fit`."""
    table = FeatureTable(recipe, cache)
    table.compute(data.samples)
    pooling, train, val = recipe.head.pooling, data.split("train"), data.split("val")
    rows = table.rows(train, pooling)
    head = build_head(len(rows[0]), recipe.head, recipe.seed)
    history, kept = _fit_head(
        head,
        _batches(rows, train, recipe, shuffle=True),
        _batches(table.rows(val, pooling), val, recipe, shuffle=False),
        recipe,
    )

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        wanted = table.rows(samples, pooling)
        starts = range(0, len(wanted), _SCORED_AT_ONCE)
        groups = (np.stack(wanted[start : start + _SCORED_AT_ONCE]) for start in starts)
        return np.concatenate([head(group, training=False)[:, 0] for group in groups])

    return TrainingResult(join(table.backbone, pooling, head), history, logits, kept)


def _batches(
    rows: Sequence[Rows], samples: Sequence[Sample], recipe: FrozenRecipe, *, shuffle: bool
) -> keras.utils.PyDataset:
    """Make batches of features, labels and weights; reshuffled every epoch if asked."""
    import keras

    labels = np.array([[sample.label] for sample in samples], np.float32)
    weights = sample_weights(samples, recipe.fit.balance)
    rng = np.random.default_rng(recipe.seed)
    size = recipe.fit.batch_size

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.on_epoch_end()

        def __len__(self) -> int:
            return -(-len(samples) // size)

        def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
            picked = self.order[number * size : (number + 1) * size]
            return np.stack([rows[i] for i in picked]), labels[picked], weights[picked]

        def on_epoch_end(self) -> None:
            self.order = rng.permutation(len(samples)) if shuffle else np.arange(len(samples))

    return Batches()


def sample_weights(samples: Sequence[Sample], balance: str) -> npt.NDArray[np.float32]:
    """Return the weights of samples in the loss.

    Args:
        samples: The samples of one split.
        balance: As `FitSpec.balance`.

    Returns:
        float32, shape [n], with a mean of 1.
    """
    if balance == "none":
        return np.ones(len(samples), np.float32)
    groups = [(s.label, s.origin if balance == "source" else "") for s in samples]
    sizes = Counter(groups)
    parts = Counter(label for label, _ in sizes)  # groups of each class
    weights = np.array([1 / (sizes[group] * parts[group[0]]) for group in groups])
    return np.asarray(weights / weights.mean(), np.float32)


def _fit_head(
    head: keras.Model,
    train: keras.utils.PyDataset,
    val: keras.utils.PyDataset,
    recipe: FrozenRecipe,
) -> tuple[list[dict[str, float]], int]:
    """Train until the last epoch or until `val` gets no better; keep the best weights.

    Returns:
        The measures of every epoch, and the epoch whose weights were kept, from 1 on.
    """
    import keras

    head.compile(
        keras.optimizers.Adam(recipe.fit.learning_rate),
        keras.losses.BinaryCrossentropy(from_logits=True),
        weighted_metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)],
    )
    stopping = keras.callbacks.EarlyStopping(
        "val_loss", patience=recipe.fit.patience, restore_best_weights=True
    )
    history: list[dict[str, float]] = []
    what = f"training the head of {recipe.name}"
    printed = time.monotonic()
    with console.status(what) as status:

        def after(epoch: int, logs: dict[str, float]) -> None:
            nonlocal printed
            history.append({"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}})
            line = (
                f"{what}: epoch {epoch + 1} of {recipe.fit.epochs},"
                f" loss {logs['loss']:.3f}, val loss {logs['val_loss']:.3f}"
            )
            status.update(line)
            if not console.is_terminal and time.monotonic() - printed >= LINE_EVERY:
                printed = time.monotonic()
                console.print(line, markup=False, soft_wrap=True)

        head.fit(
            train,
            validation_data=val,
            epochs=recipe.fit.epochs,
            shuffle=False,  # `train` shuffles pictures, Keras would shuffle batches
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_end=after),
                stopping,
            ],
        )
    kept = stopping.best_epoch + 1
    console.print(
        f"{what}: {len(history)} epochs; kept: epoch {kept}, the one with the lowest val loss"
        f" ({history[kept - 1]['val_loss']:.3f})",
        markup=False,
        soft_wrap=True,
    )
    return history, kept
