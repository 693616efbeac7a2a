"""Settings of a fine-tuning: the table `[finetune]` of a recipe and those below it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from train.recipes._checks import check, check_range, check_share


@dataclass(frozen=True, slots=True)
class SamplingSpec:
    """How batches are sampled (`train.data._sampler`).

    An AI picture is sampled by family, generator, then origin, a photograph by kind, then origin.

    Attributes:
        reconstructions: Fraction of the batch that are photographs with their reconstruction
            (`AutoencoderSpec`).
        weights: Fraction of its class that a family, a kind of photographs, or an origin of
            photographs gets; a named origin is sampled apart from its kind. The others divide the
            rest.
        exponent: The rest is divided in proportion to sizes to this power, on every level: 1
            samples every picture equally often, 0 every group.
    """

    reconstructions: float = 0.0
    weights: dict[str, float] = field(default_factory=dict)
    exponent: float = 0.5

    def __post_init__(self) -> None:
        """Raise `ValueError` for fractions that make no batch."""
        check_share("sampling.reconstructions", self.reconstructions)
        for name, share in self.weights.items():
            check_share(f"sampling.weights.{name}", share)


@dataclass(frozen=True, slots=True)
class AugmentSpec:
    """Probabilities, 0 to 1, and ranges of the augmentation (`train.augment._augment`).

    Attributes:
        identity: Probability of no degradation at all; the crop is jittered in any case.
        rescale: Probability of a resize, drawn before each encoding.
        scale: Smallest and largest factor of a resize, drawn log-uniformly.
        encode: Probability of an encoding; `recompress` adds a second one.
        recompress: Probability of a second resize and encoding, as when a shared picture is shared.
        quality: Lowest and highest quality of JPEG; WebP never goes below 40.
        blur: Probability of Gaussian blur with a radius of up to 1.5 pixels.
        sharpen: Probability of an unsharp mask.
        noise: Probability of sensor-like noise.
        colour: Probability of changed exposure, contrast, white balance and saturation.
        grey: Probability of conversion to greyscale.
        smooth: Probability that a photograph is smoothed as beauty filters do.
        match_sharpness: Probability of sharpness matching, to a target drawn log-uniformly from
            `sharpness`.
        sharpness: Range of targets: mean absolute Laplacian of the crop, in grey levels.
        cutout: Probability of covering a rectangle of the crop.
        zoom: Standard deviation of the logarithm of the box's scale.
        shift: Standard deviation of the box's position, in sides of the box.
    """

    identity: float = 0.15
    rescale: float = 0.5
    scale: tuple[float, float] = (0.4, 1.3)
    encode: float = 0.7
    recompress: float = 0.25
    quality: tuple[int, int] = (30, 96)
    blur: float = 0.1
    sharpen: float = 0.15
    noise: float = 0.15
    colour: float = 0.5
    grey: float = 0.04
    smooth: float = 0.15
    match_sharpness: float = 0.0
    sharpness: tuple[float, float] = (3.5, 18.0)
    cutout: float = 0.1
    zoom: float = 0.12
    shift: float = 0.06

    def __post_init__(self) -> None:
        """Raise `ValueError` for probabilities outside 0 to 1 and empty ranges."""
        for name in (
            "identity", "rescale", "encode", "recompress", "blur", "sharpen", "noise", "colour",
            "grey", "smooth", "match_sharpness", "cutout",
        ):  # fmt: skip
            check_share(f"augment.{name}", getattr(self, name))
        check_range("augment.scale", self.scale, 0.01, 100)
        check_range("augment.quality", self.quality, 1, 100)
        check_range("augment.sharpness", self.sharpness, 0.01, 255)

    def weak(self) -> AugmentSpec:
        """Return a weak augmentation, for pairs that differ in a faint trace that must survive."""
        return replace(
            self,
            identity=0.3,
            scale=(min(max(self.scale[0], 0.7), self.scale[1]), self.scale[1]),
            quality=(min(max(self.quality[0], 60), self.quality[1]), self.quality[1]),
            recompress=0.1 * self.recompress,
            blur=0.3 * self.blur,
            noise=0.5 * self.noise,
        )


@dataclass(frozen=True, slots=True)
class AutoencoderSpec:
    """Which photographs are reconstructed by autoencoders (`train.augment._latent_pairs`).

    Attributes:
        folder: Holds the weights of the autoencoders; empty for no reconstructions.
        photographs: Photographs in total, divided between origins by the square root of their
            sizes.
        weak_augmentation: Probability that a photograph and its reconstruction get the weak
            augmentation, which spares faint traces, instead of that of single pictures.
    """

    folder: str = ""
    photographs: int = 1200
    weak_augmentation: float = 1.0

    def __post_init__(self) -> None:
        """Raise `ValueError` for values out of range."""
        check(
            self.photographs >= 0, "autoencoders.photographs must not be negative", self.photographs
        )
        check_share("autoencoders.weak_augmentation", self.weak_augmentation)


@dataclass(frozen=True, slots=True)
class DistillationSpec:
    """What the network learns of a teacher besides the labels (`train.fitting._distillation`).

    Attributes:
        features: File of the teacher's features, from `python -m train teacher`; empty for none.
            Pictures that it lacks, and reconstructions, are trained on with their labels alone.
        components: Principal components of the features that are predicted.
        weight: Weight of the distillation loss, which is added to the other losses: the mean of two
            mean squared errors in units of the variance, of the components and of the logit.
        head_share: Share of the teacher's logit, as the network's features predict it, in the
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
            model or a model directory. Empty starts from the weights that the recipe's backbone
            names, and a head at zero.
        first_trained_layer: Layers of the backbone before this one keep their weights, which halves
            the cost of a step: early feature maps are the largest. Empty trains all.
        feature_layer: Layer of the backbone whose averaged activations the head reads; what comes
            after it is not part of the network.
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
        learning_rate: Peak learning rate of the backbone (AdamW, cosine schedule).
        head_learning_rate: Peak learning rate of the head.
        weight_decay: Weight decay of the kernels.
        dropout: Dropout rate of the pooled activations.
        label_smoothing: Label smoothing, 0 to 1.
        ranking_loss_weight: Weight of the loss that ranks a photograph above its reconstruction.
        patch_loss_weight: Weight of the loss that classifies every position of the feature map as
            if it were the whole picture, 0 to below 1. Every position then has to carry evidence,
            as in patch-wise detectors ("What makes fake images detectable?", Chai et al. 2020,
            arXiv 2008.10588).
        ema: Decay of the exponential moving average of the weights, per step.
        sampling: How batches are sampled.
        augment: Random augmentation.
        autoencoders: Which photographs are reconstructed, as pairs that differ in a generator's
            trace alone.
        distillation: What the network learns of a teacher.
        val_rate: How much of the false positive rate of an operating point the photographs of `val`
            may have, above 0 to 1. Below 1 leaves room for origins that were not trained on, whose
            photographs are called fake more often.
    """

    initial_checkpoint: str = ""
    first_trained_layer: str = ""
    feature_layer: str = "block15_expand_relu"
    steps: int = 4200
    batch_size: int = 32
    evaluation_interval: int = 400
    random_crop_sizes: tuple[int, ...] = (128, 160, 0)
    random_crop_schedule: tuple[float, ...] = (0.0, 0.4, 0.8)
    low_resolution_probability: float = 0.0
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
    val_rate: float = 1.0

    def __post_init__(self) -> None:
        """Raise `ValueError` for settings that cannot be trained."""
        for name in ("steps", "batch_size", "evaluation_interval"):
            value = getattr(self, name)
            check(value >= 1, f"finetune.{name} must be at least 1", value)
        check(self.batch_size % 2 == 0, "finetune.batch_size must be even", self.batch_size)
        check(
            0 <= self.patch_loss_weight < 1,
            "finetune.patch_loss_weight must be 0 to below 1",
            self.patch_loss_weight,
        )
        check_share("finetune.low_resolution_probability", self.low_resolution_probability)
        check(
            0 < self.val_rate <= 1,
            "finetune.val_rate must be above 0, and 1 at most",
            self.val_rate,
        )
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
