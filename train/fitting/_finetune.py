"""Fine-tune backbone and head together, on augmented batches, with checkpoints.

By AdamW with a cosine schedule, on random crops that grow: small crops cost less and hide who is in
the picture. The result are the exponential moving averages of the weights.

A stopped training resumes from its last checkpoint with the batches that it would have seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fakeface.concurrency import bounded_map
from fakeface.images import Picture
from train.augment._augment import augmented_crop
from train.augment._latent_pairs import Reconstructions, make_reconstructions
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.data._sampler import BatchItem, batches
from train.errors import RecipeError
from train.fitting._distillation import Targets, mix_heads, read_targets
from train.fitting._finalize import TrainingResult
from train.fitting._inference import score
from train.fitting._run import write_json
from train.fitting._trainer import Batch, Trainer
from train.networks._detector import detector, fuse_batch_norm, with_conv_bn
from train.networks._warm_start import load_initial_weights
from train.networks.backbones import get_backbone
from train.progress import console, progress
from train.recipes._recipe import FinetuneRecipe

_AHEAD = 6  # batches


def fit(recipe: FinetuneRecipe, data: Data, cache: Cache, out: Path) -> TrainingResult:
    """Fine-tune; see `train.fitting._fit.fit`. Checkpoints are in `out`."""
    spec = recipe.finetune
    train, val = data.split("train"), data.split("val")
    targets = None
    if spec.distillation.features:
        targets = read_targets(train, spec.distillation, spec.sampling, recipe.seed)
    made: Reconstructions = {}
    if spec.autoencoders.folder:
        made = make_reconstructions(train, spec.autoencoders, cache.root / "reconstructions")
    keras.utils.set_random_seed(recipe.seed)
    backbone = get_backbone(recipe.backbone.name)
    base = with_conv_bn(backbone.build(recipe.crop.size, recipe.backbone.weights, recipe.seed))
    network = detector(base, spec.feature_layer)
    if spec.initial_checkpoint:
        load_initial_weights(network, spec.initial_checkpoint)
    freeze_before(network, spec.first_trained_layer)
    trainer = Trainer(network, spec, targets.width if targets else 0)
    history = _train(trainer, recipe, train, val, made, targets, out / "checkpoints")
    trainer.swap_ema_weights()
    model = fuse_batch_norm(network, recipe.crop.size)
    if targets:
        mix_heads(model, targets, train, recipe)

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        return score(model, samples, recipe)

    return TrainingResult(model, history, logits, len(history) or None)


def freeze_before(network: keras.Model, first: str) -> None:
    """Freeze the layers before one.

    Args:
        network: The network.
        first: Name of the first layer that is trained; empty trains all.

    Raises:
        RecipeError: There is no such layer.
    """
    names = [layer.name for layer in network.layers]
    if first and first not in names:
        raise RecipeError(f"finetune.first_trained_layer: the network has no layer {first}")
    for layer in network.layers[: names.index(first) if first else 0]:
        layer.trainable = False


def _train(
    trainer: Trainer,
    recipe: FinetuneRecipe,
    train: Sequence[Sample],
    val: Sequence[Sample],
    made: Reconstructions,
    targets: Targets | None,
    folder: Path,
) -> list[dict[str, float]]:
    spec = recipe.finetune
    manager = tf.train.CheckpointManager(trainer.checkpoint(), folder, max_to_keep=2)
    folder.mkdir(parents=True, exist_ok=True)
    history_file = folder / "history.json"
    history: list[dict[str, float]] = []
    if manager.latest_checkpoint:
        manager.checkpoint.restore(manager.latest_checkpoint).expect_partial()
        rows = json.loads(history_file.read_text(encoding="utf-8"))
        history = [row for row in rows if row["step"] <= int(trainer.step)]
        console.print(f"going on from step {int(trainer.step)} of {spec.steps}")
    start = int(trainer.step)
    reconstructed = frozenset(made)
    planned = batches(train, spec.sampling, spec.batch_size, reconstructed, recipe.seed)
    todo = islice(planned, start, spec.steps)
    losses, correct = [], []
    prepared = _make_batches(todo, recipe, made, start, targets)
    for step, batch in enumerate(progress(prepared, "fine-tuning", spec.steps - start), start + 1):
        loss, logits = trainer.fit(batch)
        losses.append(loss)
        correct.append(np.mean((logits > 0) == (batch.real > 0.5)))
        if step % spec.evaluation_interval == 0 or step == spec.steps:
            trainer.swap_ema_weights()
            row = {"epoch": len(history) + 1, "step": step, "loss": float(np.mean(losses))}
            row |= {"accuracy": float(np.mean(correct)), **_validate(trainer.model, val, recipe)}
            trainer.swap_ema_weights()
            history.append(row)
            losses, correct = [], []
            write_json(history_file, history)  # first: rows after the checkpoint are dropped above
            manager.save()
            console.print(f"step {step}: " + ", ".join(f"{k} {v:.4g}" for k, v in row.items()))
    return history


def _validate(
    model: keras.Model, val: Sequence[Sample], recipe: FinetuneRecipe
) -> dict[str, float]:
    from scipy.special import expit
    from sklearn.metrics import log_loss, roc_auc_score

    logits = score(model, val, recipe)
    real = np.array([sample.label for sample in val])
    p_real = expit(logits)
    return {
        "val_loss": float(log_loss(real, p_real, labels=[0, 1])),
        "val_accuracy": float(np.mean((logits > 0) == real)),
        "val_auc": float(roc_auc_score(real, logits)),
    }


def _make_batches(
    planned: Iterator[list[BatchItem]],
    recipe: FinetuneRecipe,
    made: Reconstructions,
    start: int,
    targets: Targets | None,
) -> Iterator[Batch]:
    """Make batches in threads, a few ahead of training."""

    def make(item: tuple[int, list[BatchItem]]) -> Batch:
        step, batch = item
        prepared = make_batch(batch, recipe, made, step)
        return replace(prepared, targets=targets.of(batch)) if targets else prepared

    yield from bounded_map(make, enumerate(planned, start), workers=2, limit=_AHEAD)


def make_batch(
    items: Sequence[BatchItem], recipe: FinetuneRecipe, made: Reconstructions, step: int
) -> Batch:
    """Decode, augment and crop the pictures of a batch; both of a pair alike.

    Args:
        items: The items, pairs first, as `train.data._sampler.batches` gives them.
        recipe: Face crop, augmentation and random crops.
        made: Reconstructions of photographs.
        step: Number of the step.

    Returns:
        The batch; the same for the same arguments.
    """
    spec = recipe.finetune
    crop = recipe.crop
    side = spec.random_crop_size(step, crop.size)
    if _rng(recipe, step, 2 * len(items)).random() < spec.low_resolution_probability:
        crop = replace(crop, size=crop.size // 2)
        side = crop.size
    weak = spec.augment.weak()
    images = np.empty((len(items), side, side, 3), np.uint8)
    for i, item in enumerate(items):
        paired = item.pair >= 0
        number = item.pair if paired else len(items) + i
        rng = _rng(recipe, step, number)
        top, left = (int(n) for n in rng.integers(0, crop.size - side + 1, 2))
        image, _ = Picture(_file(item, made)).load()
        options = (
            weak if paired and _uses_weak_augmentation(item.pair, recipe, step) else spec.augment
        )
        pixels = augmented_crop(image, item.sample.box, not item.fake, crop, options, rng)
        images[i] = pixels[top : top + side, left : left + side]
    real = np.array([not item.fake for item in items], np.float32)
    return Batch(images, real, sum(item.pair >= 0 for item in items))


def _file(item: BatchItem, made: Reconstructions) -> Path:
    """Return the file to show."""
    if item.pair < 0:
        return item.sample.path
    reconstruction, photograph = made[item.sample.name]
    return reconstruction if item.reconstructed else photograph


def _uses_weak_augmentation(pair: int, recipe: FinetuneRecipe, step: int) -> bool:
    """Return whether both of a pair get the weak augmentation."""
    share = recipe.finetune.autoencoders.weak_augmentation
    return share >= 1 or bool(_rng(recipe, step, pair, 1).random() < share)


def _rng(recipe: FinetuneRecipe, step: int, *what: int) -> np.random.Generator:
    """Return the generator of a step for a purpose; the same whenever the step is made."""
    return np.random.default_rng([recipe.seed, step, *what])
