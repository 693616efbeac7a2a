"""One step of fine-tuning: losses, optimizers, and the EMA of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from train.networks._heads import LOGIT

if TYPE_CHECKING:
    from train.recipes._finetune_spec import FinetuneSpec

_AUXILIARY_LEARNING_RATE = 3e-3


@dataclass(frozen=True, slots=True)
class Batch:
    """The input of one training step.

    Attributes:
        images: RGB, uint8, shape [n, side, side, 3].
        real: 1 for photographs, 0 for AI, float32, shape [n].
        paired: Number of pictures at the front that are pairs, the AI picture before its
            photograph.
        targets: What a teacher says of the pictures, float32, shape [n, width], NaN where it says
            nothing; None in a training without a teacher.
    """

    images: npt.NDArray[np.uint8]
    real: npt.NDArray[np.float32]
    paired: int
    targets: npt.NDArray[np.float32] | None = None


class Trainer:
    """A network, its optimizers and the exponential moving average (EMA) of its weights.

    Attributes:
        model: From `train.networks._detector.detector`.
        step: Steps done.
    """

    def __init__(self, model: keras.Model, spec: FinetuneSpec, targets: int = 0) -> None:
        """Set up for `spec.steps` steps.

        Args:
            model: The network.
            spec: How it is trained.
            targets: Number of a teacher's targets per picture; 0 for a training without.
        """
        self.model, self._spec = model, spec
        features = model.get_layer(spec.feature_layer).output
        self._features = keras.Model(model.input, features)
        self._head = list(model.get_layer(LOGIT).trainable_variables)
        heads = {id(variable) for variable in self._head}
        self._body = [v for v in model.trainable_variables if id(v) not in heads]
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._ema = [tf.Variable(v, trainable=False) for v in self._weights]
        self._body_optimizer = _adamw(spec.learning_rate, spec.weight_decay, spec.steps)
        self._head_optimizer = _adamw(spec.head_learning_rate, spec.weight_decay / 20, spec.steps)
        self._body_optimizer.exclude_from_weight_decay(var_names=["gamma", "beta"])
        self._body_optimizer.build(self._body)
        self._head_optimizer.build(self._head)
        images = tf.TensorSpec((None, None, None, 3), tf.uint8)
        given = [images, tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.int32)]
        self._auxiliary: keras.layers.Dense | None = None
        if targets:
            self._auxiliary = keras.layers.Dense(targets, kernel_initializer="zeros")
            self._auxiliary.build(features.shape[:1] + features.shape[-1:])
            self._auxiliary_optimizer = keras.optimizers.Adam(_AUXILIARY_LEARNING_RATE)
            self._auxiliary_optimizer.build(self._auxiliary.trainable_variables)
            given.append(tf.TensorSpec((None, targets), tf.float32))
        self._fit = tf.function(self._fit_step, input_signature=tuple(given))

    @property
    def _weights(self) -> list[Any]:
        return self._body + self._head

    def checkpoint(self) -> tf.train.Checkpoint:
        """Return all state that a resumed training needs."""
        parts = {"body": self._body_optimizer, "head": self._head_optimizer}
        if self._auxiliary is not None:
            parts |= {"auxiliary": self._auxiliary, "teacher": self._auxiliary_optimizer}
        return tf.train.Checkpoint(model=self.model, average=self._ema, step=self.step, **parts)

    def fit(self, batch: Batch) -> tuple[float, npt.NDArray[np.float32]]:
        """Train everything for a step; return the loss and the logits of Real, float32, [n]."""
        targets = () if self._auxiliary is None else (batch.targets,)
        loss, logits = self._fit(batch.images, batch.real, batch.paired, *targets)
        return float(loss), logits.numpy()

    def swap_ema_weights(self) -> None:
        """Exchange the weights and their EMA."""
        for ema, weight in zip(self._ema, self._weights, strict=True):
            now = weight.numpy()
            weight.assign(ema)
            ema.assign(now)

    def _loss(self, logits: tf.Tensor, real: tf.Tensor, paired: tf.Tensor) -> tf.Tensor:
        """Cross-entropy, plus the ranking loss of pairs."""
        loss = self._cross_entropy(logits, real)
        pairs = tf.reshape(logits[:paired], (-1, 2))
        ranking = tf.reduce_sum(tf.nn.softplus(1 - (pairs[:, 1] - pairs[:, 0])))
        return loss + self._spec.ranking_loss_weight * 2 * ranking / tf.cast(
            tf.size(logits), tf.float32
        )

    def _cross_entropy(self, logits: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
        smooth = self._spec.label_smoothing
        target = tf.broadcast_to(real * (1 - smooth) + smooth / 2, tf.shape(logits))
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target, logits))

    def _maps(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the logit per position, [n, h, w], whose mean is the logit, and the feature map.

        With dropout.
        """
        features = self._features(tf.cast(images, tf.float32), training=True)
        kept = tf.nn.dropout(tf.ones_like(features[:, :1, :1]), self._spec.dropout)
        head = self.model.get_layer(LOGIT)
        return tf.linalg.matmul(features * kept, head.kernel)[..., 0] + head.bias, features

    def _distillation(self, features: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Return the mean of the squared errors of the components and of the logit, the last one.

        Pictures without targets count nothing.
        """
        assert self._auxiliary is not None
        known = tf.math.is_finite(targets[:, 0])
        made = self._auxiliary(tf.reduce_mean(features, axis=(1, 2)))
        # masked before the square: NaN times 0 is NaN, in gradients too
        errors = tf.square(tf.where(known[:, tf.newaxis], made - targets, 0.0))
        count = tf.maximum(tf.reduce_sum(tf.cast(known, tf.float32)), 1.0)
        each = tf.reduce_sum(errors, axis=0) / count
        return (tf.reduce_mean(each[:-1]) + each[-1]) / 2

    def _fit_step(
        self,
        images: tf.Tensor,
        real: tf.Tensor,
        paired: tf.Tensor,
        targets: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        auxiliary = [] if self._auxiliary is None else self._auxiliary.trainable_variables
        patch = self._spec.patch_loss_weight
        with tf.GradientTape() as tape:
            maps, features = self._maps(images)
            logits = tf.reduce_mean(maps, axis=(1, 2))
            loss = (1 - patch) * self._loss(logits, real, paired)
            loss += patch * self._cross_entropy(maps, real[:, tf.newaxis, tf.newaxis])
            total = loss
            if targets is not None:
                total += self._spec.distillation.weight * self._distillation(features, targets)
        found = tape.gradient(total, [*self._weights, *auxiliary])
        if auxiliary:
            self._auxiliary_optimizer.apply_gradients(
                zip(found[len(self._weights) :], auxiliary, strict=True)
            )
        gradients, _ = tf.clip_by_global_norm(found[: len(self._weights)], 2.0)
        split = len(self._body)
        self._body_optimizer.apply_gradients(zip(gradients[:split], self._body, strict=True))
        self._head_optimizer.apply_gradients(zip(gradients[split:], self._head, strict=True))
        self.step.assign_add(1)
        done = tf.cast(self.step, tf.float32)
        keep = tf.minimum(self._spec.ema, (1 + done) / (10 + done))
        for ema, weight in zip(self._ema, self._weights, strict=True):
            ema.assign_sub((1 - keep) * (ema - weight))
        return loss, logits


def _adamw(rate: float, decay: float, steps: int) -> keras.optimizers.Optimizer:
    warm_up = min(300, max(1, steps // 10))
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 20, max(1, steps - warm_up), alpha=0.01, warmup_target=rate, warmup_steps=warm_up
    )
    return keras.optimizers.AdamW(schedule, weight_decay=decay)
