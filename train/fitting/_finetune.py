"""Trains backbone and heads together, on batches with histories; checkpoints and resumes.

Heads first, on the network as it came (a few steps): a random head would send noise through good
weights (Kumar et al. 2022, arXiv 2202.10054). Then everything, AdamW with a cosine schedule, on
windows of the crop that grow: small windows cost less and hide who is in the picture. What is
kept is the exponential moving average of the weights.

A stopped training goes on from its last checkpoint with the batches that it would have seen.
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
from train._errors import RecipeError
from train._progress import console, progress
from train.augment._augment import augmented_crop
from train.augment._autoencoder import DECODERS
from train.augment._enhanced import make_enhanced
from train.augment._latent_pairs import make_reconstructions
from train.augment._reconstructions import make_ghosts
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sample import Sample
from train.data._sampler import Draw, batches
from train.fitting._inference import score
from train.fitting._result import Fitted
from train.fitting._run import write_json
from train.fitting._trainer import Batch, Trainer
from train.networks._multistage import detector, folded, normed
from train.networks._warm_start import start_from
from train.networks.backbones import get_backbone
from train.recipes._recipe import Recipe

if TYPE_CHECKING:
    from train.recipes._finetune_spec import FinetuneSpec

_AHEAD = 6  # batches made while the network works


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Files of pictures that a network drew anew, by the names of their samples.

    Attributes:
        ghosts: Of photographs; these count as AI.
        enhanced: Of either class, which they keep.
        beside: Photographs as they are shown beside their ghost, where it was made of a resized
            or encoded one.
    """

    ghosts: dict[str, Path] = field(default_factory=dict)
    enhanced: dict[str, Path] = field(default_factory=dict)
    beside: dict[str, Path] = field(default_factory=dict)

    def file(self, draw: Draw, *, enhance: bool) -> Path:
        """The file to show for a draw; `enhance` says whether as it was enhanced, if it was."""
        if draw.ghost:
            return self.ghosts[draw.sample.name]
        if draw.beside and draw.sample.name in self.beside:
            return self.beside[draw.sample.name]
        if enhance and draw.sample.name in self.enhanced:
            return self.enhanced[draw.sample.name]
        return draw.sample.path


def fit(recipe: Recipe, data: Data, cache: Cache, out: Path) -> Fitted:
    """Fine-tune; see `train.fitting._fit.fit`. Checkpoints and ghosts are kept in `out`."""
    spec = _spec(recipe)
    train, val = data.split("train"), data.split("val")
    redrawn = redraw(train, spec, recipe.seed, cache, out)
    keras.utils.set_random_seed(recipe.seed)
    backbone = get_backbone(recipe.backbone.name)
    base = normed(backbone.build(recipe.crop.size, recipe.backbone.weights, recipe.seed))
    network = detector(base, spec.taps, spec.dropout, recipe.seed)
    if spec.start:
        start_from(network, spec.start, head=spec.start_head)
    history: list[dict[str, float]] = []
    for number, part in enumerate(spec.rounds()):
        trainer = Trainer(network, part)
        rounded = replace(recipe, seed=recipe.seed + number, finetune=part)
        folder = out / "checkpoints" / str(number + 1)
        history += _train(trainer, rounded, train, val, redrawn, folder)
        trainer.swap()
    history = [row | {"epoch": epoch} for epoch, row in enumerate(history, 1)]
    model = folded(network, recipe.crop.size)

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        return score(model, samples, recipe)

    return Fitted(model, history, logits)


def redraw(
    train: Sequence[Sample], spec: FinetuneSpec, seed: int, cache: Cache, out: Path
) -> Redrawn:
    """Have networks draw the pictures anew that a recipe asks for, where that is still to be done.

    Args:
        train: The training pictures.
        spec: Says which.
        seed: Of ghosts and enhanced pictures.
        cache: Keeps the reconstructions by generators' autoencoders, for all trainings.
        out: The run directory; keeps the others.
    """
    made = Redrawn()
    decoders = () if spec.autoencoders.folder else DECODERS
    if spec.mix.ghosts and (decoders or spec.ghosts.upscalers):
        made.ghosts.update(make_ghosts(train, spec.ghosts, seed, out / "ghosts", decoders))
    if spec.enhanced.networks:
        made.enhanced.update(make_enhanced(train, spec.enhanced, seed, out / "enhanced"))
    if spec.autoencoders.folder:
        pairs = make_reconstructions(train, spec.autoencoders, cache.root / "reconstructions")
        made.ghosts.update(pairs.photographs)
        made.beside.update(pairs.counterparts)
        made.enhanced.update(pairs.generated)
    return made


def _train(
    trainer: Trainer,
    recipe: Recipe,
    train: Sequence[Sample],
    val: Sequence[Sample],
    redrawn: Redrawn,
    folder: Path,
) -> list[dict[str, float]]:
    spec = _spec(recipe)
    manager = tf.train.CheckpointManager(trainer.checkpoint(), folder, max_to_keep=2)
    folder.mkdir(parents=True, exist_ok=True)
    journal = folder / "history.json"
    history: list[dict[str, float]] = []
    if manager.latest_checkpoint:
        manager.checkpoint.restore(manager.latest_checkpoint).expect_partial()
        rows = json.loads(journal.read_text(encoding="utf-8"))
        history = [row for row in rows if row["step"] <= int(trainer.step)]
        console.print(f"going on from step {int(trainer.step)} of {spec.steps}")
    start = int(trainer.step)
    draws = batches(train, spec.mix, spec.batch_size, frozenset(redrawn.ghosts), recipe.seed)
    first = list(islice(draws, spec.warm_up))
    if not start:
        for batch in _made(first, recipe, redrawn, -spec.warm_up):
            trainer.warm_up(batch)
    todo = islice(draws, start, spec.steps)
    losses, right = [], []
    made = _made(todo, recipe, redrawn, start)
    for step, batch in enumerate(progress(made, "fine-tuning", spec.steps - start), start + 1):
        loss, logits = trainer.fit(batch)
        losses.append(loss)
        right.append(np.mean((logits > 0) == (batch.real > 0.5)))
        if step % spec.every == 0 or step == spec.steps:
            trainer.swap()
            row = {"epoch": len(history) + 1, "step": step, "loss": float(np.mean(losses))}
            row |= {"accuracy": float(np.mean(right)), **_validate(trainer.model, val, recipe)}
            trainer.swap()
            history.append(row)
            losses, right = [], []
            write_json(journal, history)  # first: rows ahead of the checkpoint are dropped above
            manager.save()
            console.print(f"step {step}: " + ", ".join(f"{k} {v:.4g}" for k, v in row.items()))
    return history


def _validate(model: keras.Model, val: Sequence[Sample], recipe: Recipe) -> dict[str, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    logits = score(model, val, recipe)
    real = np.array([sample.label for sample in val])
    chance = 1 / (1 + np.exp(-logits))
    return {
        "val_loss": float(log_loss(real, chance, labels=[0, 1])),
        "val_accuracy": float(np.mean((logits > 0) == real)),
        "val_auc": float(roc_auc_score(real, logits)),
    }


def _made(
    draws: Sequence[list[Draw]] | Iterator[list[Draw]],
    recipe: Recipe,
    redrawn: Redrawn,
    start: int,
) -> Iterator[Batch]:
    """Make batches in threads, a few ahead of the network."""

    def make(item: tuple[int, list[Draw]]) -> Batch:
        step, batch = item
        return make_batch(batch, recipe, redrawn, step)

    yield from bounded_map(make, enumerate(draws, start), workers=2, limit=_AHEAD)


def make_batch(draws: Sequence[Draw], recipe: Recipe, redrawn: Redrawn, step: int) -> Batch:
    """Decode, give a history, crop and cut a window; both of a pair alike.

    Args:
        draws: Pairs first, as `train.data._sampler.batches` gives them.
        recipe: Crop, histories and windows.
        redrawn: What networks drew anew.
        step: Number of the step; below 0 while the heads warm up.

    Returns:
        The batch; the same for the same arguments.
    """
    spec = _spec(recipe)
    crop = recipe.crop
    window = spec.window(step, crop.size)
    if _rng(recipe, step, 2 * len(draws)).random() < spec.halved:
        crop = replace(crop, size=crop.size // 2)
        window = crop.size
    gentle = spec.augment.gentle()
    images = np.empty((len(draws), window, window, 3), np.uint8)
    for i, draw in enumerate(draws):
        paired = draw.pair >= 0
        number = draw.pair if paired else len(draws) + i
        rng = _rng(recipe, step, number)
        enhance = _rng(recipe, step, number, 2).random() < spec.enhanced.chance
        path = redrawn.file(draw, enhance=enhance)
        top, left = (int(n) for n in rng.integers(0, crop.size - window + 1, 2))
        image, _ = Picture(path).load()
        options = gentle if paired and _mild(draws, i, recipe, step) else spec.augment
        pixels = augmented_crop(image, draw.sample.box, not draw.fake, crop, options, rng)
        images[i] = pixels[top : top + window, left : left + window]
    real = np.array([not draw.fake for draw in draws], np.float32)
    return Batch(images, real, sum(draw.pair >= 0 for draw in draws))


def _mild(draws: Sequence[Draw], i: int, recipe: Recipe, step: int) -> bool:
    """Whether a picture of a pair gets a milder history; the same for both of a pair."""
    spec, number = _spec(recipe), draws[i].pair
    of_ghost = draws[i].ghost or draws[i - 1].ghost  # the AI picture comes before its photograph
    if not of_ghost or spec.ghosts.gentle >= 1:
        return True
    return bool(_rng(recipe, step, number, 1).random() < spec.ghosts.gentle)


def _rng(recipe: Recipe, step: int, *what: int) -> np.random.Generator:
    """What a step leaves to chance, by what it is for; the same whenever the step is made."""
    return np.random.default_rng([recipe.seed, step + _spec(recipe).warm_up, *what])


def _spec(recipe: Recipe) -> FinetuneSpec:
    if recipe.finetune is None:
        raise RecipeError(f"recipe {recipe.name} has no table [finetune]")
    return recipe.finetune
