"""Settings of a fine-tuning's pictures: sampling, augmentation, reconstructions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from train._checks import check, check_one_of, check_range, check_share

AUTOENCODERS = ("taesd", "taesdxl", "taesd3", "taef1", "taef2")
"""Names of the autoencoders of image generators (`train.augment._latent`)."""

BY = ("source", "family")
"""What pictures can be sampled by."""


@dataclass(frozen=True, slots=True)
class SamplingSpec:
    """How batches are sampled (`train.data._sampler`).

    Attributes:
        pairs: Fraction of the batch that are AI pictures with the photograph they were made from.
        reconstructions: Fraction of the batch that are photographs with their reconstruction
            (`AutoencoderSpec`).
        weights: Fraction of the single pictures of its class that an origin gets; origins without
            a weight divide the rest.
        exponent: The rest is divided in proportion to the size of an origin to this power: 1
            samples every picture equally often, 0 every origin.
        by: What is sampled first: `source` (the origin) or `family`. By family, an AI picture is
            sampled by family, generator and origin, a photograph by kind and origin, each level
            with `exponent`; `weights` then name families, kinds, or origins of photographs, which
            are sampled apart from their kind. Reconstructed photographs are sampled likewise.
    """

    pairs: float = 0.1875
    reconstructions: float = 0.0
    weights: dict[str, float] = field(default_factory=dict)
    exponent: float = 0.5
    by: str = BY[0]

    def __post_init__(self) -> None:
        """Raise `ValueError` for fractions that make no batch."""
        check_one_of("sampling.by", self.by, BY)
        for name in ("pairs", "reconstructions"):
            check_share(f"sampling.{name}", getattr(self, name))
        total = self.pairs + self.reconstructions
        check(total <= 1, "sampling.pairs and sampling.reconstructions exceed a batch", total)
        for origin, share in self.weights.items():
            check_share(f"sampling.weights.{origin}", share)


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
            scale=(max(self.scale[0], 0.7), self.scale[1]),
            quality=(max(self.quality[0], 60), self.quality[1]),
            recompress=0.1 * self.recompress,
            blur=0.3 * self.blur,
            noise=0.5 * self.noise,
        )


@dataclass(frozen=True, slots=True)
class AutoencoderSpec:
    """Which pictures are reconstructed by which autoencoders (`train.augment._latent_pairs`).

    Attributes:
        folder: Holds the weights of the autoencoders; empty for no reconstructions.
        networks: Names from `AUTOENCODERS`; pictures are divided by their content, so that a larger
            choice keeps what a smaller one made.
        photographs: Photographs in total, divided between origins by the square root of their
            sizes.
        generated: AI pictures in total, divided likewise between generators.
        resize: Probability that a picture is resized before its reconstruction.
        scale: Smallest and largest factor of that resize, drawn log-uniformly.
        encode: Probability that it is encoded as JPEG before.
        quality: Lowest and highest quality of that encoding.
        weak_augmentation: Probability that a photograph and its reconstruction get the weak
            augmentation of pairs, instead of that of single pictures.
        show_generated: Probability that an AI picture with a reconstruction is shown as that.
    """

    folder: str = ""
    networks: tuple[str, ...] = AUTOENCODERS
    photographs: int = 1200
    generated: int = 200
    resize: float = 0.5
    scale: tuple[float, float] = (0.6, 1.3)
    encode: float = 0.35
    quality: tuple[int, int] = (60, 95)
    weak_augmentation: float = 1.0
    show_generated: float = 0.5

    def __post_init__(self) -> None:
        """Raise `ValueError` for unknown networks and values out of range."""
        if not self.networks or (unknown := set(self.networks) - set(AUTOENCODERS)):
            what = ", ".join(sorted(unknown)) if self.networks else "none"
            raise ValueError(
                f"autoencoders.networks must name some of {', '.join(AUTOENCODERS)}, got {what}"
            )
        for name in ("photographs", "generated"):
            value = getattr(self, name)
            check(value >= 0, f"autoencoders.{name} must not be negative", value)
        for name in ("resize", "encode", "weak_augmentation", "show_generated"):
            check_share(f"autoencoders.{name}", getattr(self, name))
        check_range("autoencoders.scale", self.scale, 0.1, 4)
        check_range("autoencoders.quality", self.quality, 1, 100)
