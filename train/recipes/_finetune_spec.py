"""Settings of a fine-tuning: the table `[finetune]` of a recipe and those below it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from train._checks import check_share
from train.augment._augment import Augment
from train.augment._latent_pairs import AutoencoderSpec
from train.augment._reconstructions import ReconstructionSpec
from train.augment._super_resolution import SuperResolutionSpec
from train.data._sampler import SamplingSpec
from train.fitting._distillation import DistillationSpec
from train.networks._tta import PLAIN, TRANSFORMS


@dataclass(frozen=True, slots=True)
class SecondRound:
    """A second, shorter round of training, from the averaged weights that the first ended with.

    Attributes:
        steps: As in `FinetuneSpec`, for this round.
        learning_rate: Likewise.
        random_crop_sizes: Likewise.
        random_crop_schedule: Likewise.
    """

    steps: int
    learning_rate: float
    random_crop_sizes: tuple[int, ...]
    random_crop_schedule: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FinetuneSpec:
    """How backbone and head are trained together.

    Attributes:
        initial_checkpoint: Detector to start from, with the same backbone: the name of a bundled
            model or a model directory; of an ensemble with the number of a member, as `edge:2`.
            Empty starts from the weights that the recipe's backbone names.
        initial_head: Whether the head starts from that detector's too, instead of at zero; it then
            needs no `warm_up`.
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
        reconstructions: How photographs are reconstructed, as AI pictures of the same content.
        autoencoders: Generators' own autoencoders, which replace the ones trained here for
            reconstructions.
        super_resolved: Which pictures are shown super-resolved.
        distillation: What the network learns of a teacher.
        test_time_augmentation: Names from `train.networks._tta.TRANSFORMS`, whose logits the
            detector averages. It is trained without.
        second_round: A second round of training; None for a single one.
    """

    initial_checkpoint: str = ""
    initial_head: bool = False
    feature_layers: tuple[str, ...] = ("block5_expand_relu", "block11_expand_relu", "head_relu")
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
    augment: Augment = field(default_factory=Augment)
    reconstructions: ReconstructionSpec = field(default_factory=ReconstructionSpec)
    autoencoders: AutoencoderSpec = field(default_factory=AutoencoderSpec)
    super_resolved: SuperResolutionSpec = field(default_factory=SuperResolutionSpec)
    distillation: DistillationSpec = field(default_factory=DistillationSpec)
    test_time_augmentation: tuple[str, ...] = (PLAIN,)
    second_round: SecondRound | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that cannot be trained."""
        for name in ("steps", "batch_size", "evaluation_interval"):
            if getattr(self, name) < 1:
                raise ValueError(f"finetune.{name} must be at least 1, got {getattr(self, name)}")
        if self.batch_size % 2:
            raise ValueError(f"finetune.batch_size must be even, got {self.batch_size}")
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
        names = list(self.test_time_augmentation)
        if not names or len(set(names)) < len(names) or set(names) - set(TRANSFORMS):
            raise ValueError(
                f"finetune.test_time_augmentation must name some of {', '.join(TRANSFORMS)}, each"
                f" once, got {names}"
            )
        sizes, starts = list(self.random_crop_sizes), list(self.random_crop_schedule)
        if len(starts) != len(sizes) or starts[:1] != [0.0] or starts != sorted(starts):
            raise ValueError(
                "finetune.random_crop_schedule must start at 0.0, rise, and be as many as"
                f" random_crop_sizes, got {starts} for {sizes}"
            )
        self.rounds()

    def rounds(self) -> tuple[FinetuneSpec, ...]:
        """Split the training into rounds, each a training of its own; only the first warms up."""
        if self.second_round is None:
            return (self,)
        return replace(self, second_round=None), replace(
            self, second_round=None, warm_up=0, **asdict(self.second_round)
        )

    def random_crop_size(self, step: int, size: int) -> int:
        """Return the side of the random crop at a step, for face crops of `size` pixels."""
        side = self.random_crop_sizes[0]
        for candidate, start in zip(self.random_crop_sizes, self.random_crop_schedule, strict=True):
            if step >= start * self.steps:
                side = candidate
        return min(side or size, size)
