"""Settings of a fine-tuning: the table `[finetune]` of a recipe and those below it."""

from __future__ import annotations

from dataclasses import dataclass, field

from train._checks import check, check_share
from train.recipes._picture_specs import AugmentSpec, AutoencoderSpec, SamplingSpec


@dataclass(frozen=True, slots=True)
class DistillationSpec:
    """What the network learns of a teacher besides the labels (`train.fitting._distillation`).

    Attributes:
        features: File of the teacher's features, from `python -m train teacher`; empty for none.
            Pictures that it lacks, and reconstructions, are trained on with their labels alone.
        components: Principal components of the features that are predicted.
        weight: Weight of the distillation loss, which is added to the other losses: the mean of two
            mean squared errors in units of the variance, of the components and of the logit.
        head_share: Share of the teacher's logit, as the network has learnt to predict it, in the
            detector's own, 0 to 1. Both are linear in the same features, so the mix is one head.
    """

    features: str = ""
    components: int = 32
    weight: float = 1.0
    head_share: float = 0.5

    def __post_init__(self) -> None:
        """Raise `ValueError` for numbers out of range."""
        check(self.components >= 1, "distillation.components must be at least 1", self.components)
        check(self.weight > 0, "distillation.weight must be above 0", self.weight)
        check_share("distillation.head_share", self.head_share)


@dataclass(frozen=True, slots=True)
class FinetuneSpec:
    """How backbone and head are trained together.

    Attributes:
        initial_checkpoint: Detector to start from, with the same backbone: the name of a bundled
            model or a model directory; of an ensemble with the number of a member, as `edge:2`.
            Empty starts from the weights that the recipe's backbone names.
        initial_head: Whether the head starts from that detector's too, instead of at zero; it then
            needs no `warm_up`.
        first_trained_layer: Layers of the backbone before this one keep their weights, which halves
            the cost of a step: early feature maps are the largest. Empty trains all.
        feature_layers: Layers of the backbone whose averaged activations the head reads.
        steps: Training steps.
        batch_size: Pictures per step, even.
        evaluation_interval: Steps between checkpoints. The network is evaluated on `val` at each,
            which makes one epoch of the history.
        random_crop_sizes: Sides in pixels of the random crops that the network is trained on, one
            after the other; 0 is the whole face crop.
        random_crop_schedule: Fraction of the steps, 0 to 1, from which each of `random_crop_sizes`
            is used.
        low_resolution_probability: Probability of a step on whole face crops at half the
            resolution instead.
        warm_up: Steps that train the head alone, before everything.
        learning_rate: Peak learning rate of the backbone (AdamW, cosine schedule).
        head_learning_rate: Peak learning rate of the head.
        weight_decay: Weight decay of the kernels.
        dropout: Dropout rate of the pooled activations.
        label_smoothing: Label smoothing, 0 to 1.
        ranking_loss_weight: Weight of the loss that ranks a photograph above the AI picture made
            from it.
        patch_loss_weight: Weight of the loss that classifies every position of the feature map as
            if it were the whole picture, 0 to below 1; above 0 needs a single feature layer. Every
            position then has to carry evidence, as in patch-wise detectors ("What makes fake
            images detectable?", Chai et al. 2020, arXiv 2008.10588).
        ema: Decay of the exponential moving average of the weights, per step.
        sampling: How batches are sampled.
        augment: Random augmentation.
        autoencoders: Which pictures are reconstructed, as pairs that differ in a generator's trace
            alone.
        distillation: What the network learns of a teacher.
    """

    initial_checkpoint: str = ""
    initial_head: bool = False
    first_trained_layer: str = ""
    feature_layers: tuple[str, ...] = ("block15_expand_relu",)
    steps: int = 4200
    batch_size: int = 32
    evaluation_interval: int = 400
    random_crop_sizes: tuple[int, ...] = (128, 160, 0)
    random_crop_schedule: tuple[float, ...] = (0.0, 0.4, 0.8)
    low_resolution_probability: float = 0.0
    warm_up: int = 50
    learning_rate: float = 4e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.02
    dropout: float = 0.3
    label_smoothing: float = 0.05
    ranking_loss_weight: float = 0.3
    patch_loss_weight: float = 0.0
    ema: float = 0.999
    sampling: SamplingSpec = field(default_factory=SamplingSpec)
    augment: AugmentSpec = field(default_factory=AugmentSpec)
    autoencoders: AutoencoderSpec = field(default_factory=AutoencoderSpec)
    distillation: DistillationSpec = field(default_factory=DistillationSpec)

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that cannot be trained."""
        for name in ("steps", "batch_size", "evaluation_interval"):
            value = getattr(self, name)
            check(value >= 1, f"finetune.{name} must be at least 1", value)
        check(self.batch_size % 2 == 0, "finetune.batch_size must be even", self.batch_size)
        if not self.feature_layers:
            raise ValueError("finetune.feature_layers must name a layer")
        if not 0 <= self.patch_loss_weight < 1 or (
            self.patch_loss_weight and len(self.feature_layers) > 1
        ):
            raise ValueError(
                "finetune.patch_loss_weight must be from 0 to below 1, and 0 with several"
                f" feature_layers, got {self.patch_loss_weight} for {len(self.feature_layers)}"
            )
        check_share("finetune.low_resolution_probability", self.low_resolution_probability)
        if self.initial_head and not self.initial_checkpoint:
            raise ValueError("finetune.initial_head needs a finetune.initial_checkpoint")
        if self.sampling.reconstructions and not self.autoencoders.folder:
            raise ValueError(
                "finetune.sampling.reconstructions needs finetune.autoencoders.folder, with the"
                " weights of autoencoders; without them set it to 0"
            )
        sizes, starts = list(self.random_crop_sizes), list(self.random_crop_schedule)
        if len(starts) != len(sizes) or starts[:1] != [0.0] or starts != sorted(starts):
            raise ValueError(
                "finetune.random_crop_schedule must start at 0.0, rise, and be as many as"
                f" random_crop_sizes, got {starts} for {sizes}"
            )

    def random_crop_size(self, step: int, size: int) -> int:
        """Return the side of the random crop at a step, for face crops of `size` pixels."""
        side = self.random_crop_sizes[0]
        for candidate, start in zip(self.random_crop_sizes, self.random_crop_schedule, strict=True):
            if step >= start * self.steps:
                side = candidate
        return min(side or size, size)
