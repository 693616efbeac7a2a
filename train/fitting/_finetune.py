"""Fine-tune backbone and head together, on augmented batches, with checkpoints.

First the head alone, for a few steps: a random head would send noise through good weights (Kumar et
al. 2022, arXiv 2202.10054). Then everything, by AdamW with a cosine schedule, on random crops that
grow: small crops cost less and hide who is in the picture. The result are the exponential moving
averages of the weights.

A stopped training resumes from its last checkpoint with the batches that it would have seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fakeface.concurrency import bounded_map
from fakeface.images import Picture
from train.augment._augment import augmented_crop
from train.augment._autoencoder import DECODERS
from train.augment._latent_pairs import make_reconstructions
from train.augment._reconstructions import write_reconstructions
from train.augment._super_resolution import write_super_resolved
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.data._sampler import BatchItem, batches
from train.fitting._distillation import Targets, read_targets
from train.fitting._inference import score
from train.fitting._result import TrainingResult
from train.fitting._run import write_json
from train.fitting._trainer import Batch, Trainer
from train.networks._multistage import detector, fuse_batch_norm, with_conv_bn
from train.networks._warm_start import load_initial_weights
from train.networks.backbones import get_backbone
from train.progress import console, progress
from train.recipes._recipe import FinetuneRecipe

if TYPE_CHECKING:
    from train.recipes._finetune_spec import FinetuneSpec

_AHEAD = 6  # batches


@dataclass(frozen=True, slots=True)
class PictureVariants:
    """Files of reconstructed and super-resolved pictures, by the names of their samples.

    Attributes:
        reconstructions: Reconstructions of photographs, which count as AI.
        super_resolved: Super-resolved pictures of either class, which keep their label.
        counterparts: Photographs as shown next to their reconstruction, where that was made of a
            resized or encoded version.
    """

    reconstructions: dict[str, Path] = field(default_factory=dict)
    super_resolved: dict[str, Path] = field(default_factory=dict)
    counterparts: dict[str, Path] = field(default_factory=dict)

    def file(self, item: BatchItem, *, super_resolved: bool) -> Path:
        """Return the file to show for an item; the super-resolved one if asked and there is one."""
        if item.reconstructed:
            return self.reconstructions[item.sample.name]
        if item.counterpart and item.sample.name in self.counterparts:
            return self.counterparts[item.sample.name]
        if super_resolved and item.sample.name in self.super_resolved:
            return self.super_resolved[item.sample.name]
        return item.sample.path


def fit(recipe: FinetuneRecipe, data: Data, cache: Cache, out: Path) -> TrainingResult:
    """Fine-tune; see `train.fitting._fit.fit`. Checkpoints and reconstructions are in `out`."""
    spec = recipe.finetune
    train, val = data.split("train"), data.split("val")
    targets = None
    if spec.distillation.features:
        targets = read_targets(train, spec.distillation, spec.sampling, recipe.seed)
    variants = write_variants(train, spec, recipe.seed, cache, out)
    keras.utils.set_random_seed(recipe.seed)
    backbone = get_backbone(recipe.backbone.name)
    base = with_conv_bn(backbone.build(recipe.crop.size, recipe.backbone.weights, recipe.seed))
    network = detector(base, spec.feature_layers, spec.dropout, recipe.seed)
    if spec.initial_checkpoint:
        load_initial_weights(network, spec.initial_checkpoint, head=spec.initial_head)
    history: list[dict[str, float]] = []
    for number, part in enumerate(spec.rounds()):
        trainer = Trainer(network, part, targets.width if targets else 0)
        rounded = replace(recipe, seed=recipe.seed + number, finetune=part)
        folder = out / "checkpoints" / str(number + 1)
        history += _train(trainer, rounded, train, val, variants, targets, folder)
        trainer.swap_ema_weights()
    if targets:
        trainer.mix_heads(spec.distillation.head_share, targets.mean, targets.deviation)
    history = [row | {"epoch": epoch} for epoch, row in enumerate(history, 1)]
    model = fuse_batch_norm(network, recipe.crop.size)

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        return score(model, samples, recipe)

    return TrainingResult(model, history, logits, len(history) or None)


def write_variants(
    train: Sequence[Sample], spec: FinetuneSpec, seed: int, cache: Cache, out: Path
) -> PictureVariants:
    """Write the reconstructions and super-resolved pictures of a recipe that are missing.

    Args:
        train: The training pictures.
        spec: Which pictures, by which networks.
        seed: Seed for all random choices.
        cache: Keeps reconstructions by generators' autoencoders, for all trainings.
        out: The run directory, which keeps the others.
    """
    made = PictureVariants()
    decoders = () if spec.autoencoders.folder else DECODERS
    if spec.sampling.reconstructions and (decoders or spec.reconstructions.upscalers):
        made.reconstructions.update(
            write_reconstructions(
                train, spec.reconstructions, seed, out / "reconstructions", decoders
            )
        )
    if spec.super_resolved.networks:
        made.super_resolved.update(
            write_super_resolved(train, spec.super_resolved, seed, out / "super-resolved")
        )
    if spec.autoencoders.folder:
        pairs = make_reconstructions(train, spec.autoencoders, cache.root / "reconstructions")
        made.reconstructions.update(pairs.photographs)
        made.counterparts.update(pairs.counterparts)
        made.super_resolved.update(pairs.generated)
    return made


def _train(
    trainer: Trainer,
    recipe: FinetuneRecipe,
    train: Sequence[Sample],
    val: Sequence[Sample],
    variants: PictureVariants,
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
    planned = batches(
        train, spec.sampling, spec.batch_size, frozenset(variants.reconstructions), recipe.seed
    )
    first = list(islice(planned, spec.warm_up))
    if not start:
        for batch in _make_batches(first, recipe, variants, -spec.warm_up):
            trainer.warm_up(batch)
    todo = islice(planned, start, spec.steps)
    losses, correct = [], []
    made = _make_batches(todo, recipe, variants, start, targets)
    for step, batch in enumerate(progress(made, "fine-tuning", spec.steps - start), start + 1):
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
    planned: Sequence[list[BatchItem]] | Iterator[list[BatchItem]],
    recipe: FinetuneRecipe,
    variants: PictureVariants,
    start: int,
    targets: Targets | None = None,
) -> Iterator[Batch]:
    """Make batches in threads, a few ahead of training."""

    def make(item: tuple[int, list[BatchItem]]) -> Batch:
        step, batch = item
        made = make_batch(batch, recipe, variants, step)
        return replace(made, targets=targets.of(batch)) if targets else made

    yield from bounded_map(make, enumerate(planned, start), workers=2, limit=_AHEAD)


def make_batch(
    items: Sequence[BatchItem], recipe: FinetuneRecipe, variants: PictureVariants, step: int
) -> Batch:
    """Decode, augment and crop the pictures of a batch; both of a pair alike.

    Args:
        items: The items, pairs first, as `train.data._sampler.batches` gives them.
        recipe: Face crop, augmentation and random crops.
        variants: Files of reconstructed and super-resolved pictures.
        step: Number of the step; below 0 while the head warms up.

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
        super_resolve = _rng(recipe, step, number, 2).random() < spec.super_resolved.probability
        path = variants.file(item, super_resolved=super_resolve)
        top, left = (int(n) for n in rng.integers(0, crop.size - side + 1, 2))
        image, _ = Picture(path).load()
        options = (
            weak if paired and _uses_weak_augmentation(items, i, recipe, step) else spec.augment
        )
        pixels = augmented_crop(image, item.sample.box, not item.fake, crop, options, rng)
        images[i] = pixels[top : top + side, left : left + side]
    real = np.array([not item.fake for item in items], np.float32)
    return Batch(images, real, sum(item.pair >= 0 for item in items))


def _uses_weak_augmentation(
    items: Sequence[BatchItem], i: int, recipe: FinetuneRecipe, step: int
) -> bool:
    """Return whether a picture of a pair gets the weak augmentation; the same for both."""
    spec, number = recipe.finetune, items[i].pair
    # the AI picture comes before its photograph
    of_reconstruction = items[i].reconstructed or items[i - 1].reconstructed
    if not of_reconstruction or spec.reconstructions.weak_augmentation >= 1:
        return True
    return bool(_rng(recipe, step, number, 1).random() < spec.reconstructions.weak_augmentation)


def _rng(recipe: FinetuneRecipe, step: int, *what: int) -> np.random.Generator:
    """Return the generator of a step for a purpose; the same whenever the step is made."""
    return np.random.default_rng([recipe.seed, step + recipe.finetune.warm_up, *what])
