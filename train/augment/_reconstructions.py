"""Reconstructions of photographs by networks, which count as AI pictures of the same content.

A photograph and its reconstruction differ in the network's trace alone: neither the person nor the
camera nor the origin can decide (Rajan et al. 2024, arXiv 2410.11835, "Aligned Datasets Improve
Detection of Latent Diffusion-Generated Images"). They use the autoencoders of generators. Here are
small autoencoders (`train.augment._autoencoder`), which leave the trace of a decoder, and
super-resolution networks (`train.augment._upscalers`), which invent detail as sharp as a camera's.
The sharpness of the photograph is restored in both cases: neither softness nor crispness must
become a sign of AI. Reconstructions are cached as files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface.files import replacing
from fakeface.images import Picture
from fakeface.types import Box
from train._checks import check_share
from train.augment._autoencoder import DECODERS, Pixels, autoencode, load_or_train
from train.augment._sharpness import match_sharpness, sharpness
from train.augment._upscalers import UPSCALERS, check_names, open_upscaler, shrink_and_upscale
from train.progress import in_threads, progress

if TYPE_CHECKING:
    from train.data._sample import Sample

Reconstructor = Callable[[Pixels, np.random.Generator], Pixels]
"""Reconstructs a photograph, at the same size."""

_QUALITY = 90  # of JPEG, as the pictures have it
_RECONSTRUCTED = 2.4  # in sizes of the face: all that a jittered crop can show
_HELD = 320  # pixels: side of the part of a photograph that autoencoders are trained on
_SHARPNESS = (0.75, 1.05)  # of a reconstruction, relative to its photograph


@dataclass(frozen=True, slots=True)
class ReconstructionSpec:
    """How many photographs are reconstructed, and how.

    Attributes:
        per_source: Photographs per Real source that are reconstructed; they are divided evenly
            between the autoencoders and the upscalers.
        steps: Training steps of an autoencoder, of 32 patches each.
        pictures: Photographs that the autoencoders are trained on.
        upscalers: Names from `train.augment._upscalers.UPSCALERS`.
        least_shrink: Lower bound of the factor by which a photograph is shrunk before it is
            upscaled, where `train.augment._upscalers.UPSCALERS` has a smaller one: a photograph
            that is hardly shrunk is merely super-resolved (`train.augment._super_resolution`).
        weak_augmentation: Probability that a photograph and its reconstruction get the weak
            augmentation of pairs, instead of that of single pictures.
    """

    per_source: int = 60
    steps: int = 850
    pictures: int = 2400
    upscalers: tuple[str, ...] = ()
    least_shrink: float = 1.0
    weak_augmentation: float = 1.0

    def __post_init__(self) -> None:
        """Raise `ValueError` for unknown upscalers and numbers out of range."""
        check_names("reconstructions.upscalers", self.upscalers)
        for name, least in (("per_source", 0), ("steps", 1), ("pictures", 1), ("least_shrink", 1)):
            if not getattr(self, name) >= least:
                raise ValueError(
                    f"reconstructions.{name} must be at least {least}, got {getattr(self, name):g}"
                )
        check_share("reconstructions.weak_augmentation", self.weak_augmentation)


def write_reconstructions(
    samples: Sequence[Sample],
    spec: ReconstructionSpec,
    seed: int,
    folder: Path,
    decoders: Sequence[str] = DECODERS,
) -> dict[str, Path]:
    """Write the reconstructions that are missing; trains autoencoders where needed (minutes).

    Args:
        samples: The training pictures; only the photographs among them matter.
        spec: How many, and by which networks.
        seed: Seed for all random choices.
        folder: Where autoencoders and reconstructions are kept.
        decoders: Autoencoders that are trained here; empty where others replace them.

    Returns:
        File of every reconstruction, by the name of its photograph's sample.

    Raises:
        WeightsError: Upscalers are asked for and not installed.
    """
    photos = [sample for sample in samples if sample.label == 1]
    chosen = stratified_sample(photos, spec.per_source, np.random.default_rng([seed, 1]))
    files: dict[str, Path] = {}

    def opens(name: str) -> Reconstructor:
        if name in UPSCALERS:
            low, high = (max(spec.least_shrink, limit) for limit in UPSCALERS[name].shrink)
            return partial(reconstruct, open_upscaling(name, (low, high)))
        return partial(reconstruct, _autoencoder(name, photos, spec, seed, folder))

    for name, share in partition(chosen, (*decoders, *spec.upscalers)).items():
        files |= write_missing(
            partial(opens, name), share, folder, seed, f"reconstructions ({name})"
        )
    return files


def partition(samples: Sequence[Sample], networks: Sequence[str]) -> dict[str, list[Sample]]:
    """Divide samples evenly between networks, each with as many of every origin."""
    return {name: list(samples[number :: len(networks)]) for number, name in enumerate(networks)}


def write_missing(
    opens: Callable[[], Reconstructor], share: Sequence[Sample], folder: Path, seed: int, what: str
) -> dict[str, Path]:
    """Write the reconstructions by one network that are missing.

    Args:
        opens: Loads the network; called only if a file is missing.
        share: The samples to reconstruct.
        folder: Where the files are written.
        seed: Seed, together with the picture, for all random choices.
        what: Label of the progress bar.

    Returns:
        File by name of the sample.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {sample.name: folder / f"{sample.digest}.jpg" for sample in share}
    todo = [sample for sample in share if not files[sample.name].exists()]
    if not todo:
        return files
    network = opens()
    for sample in progress(todo, what, len(todo)):
        own = np.random.default_rng([seed, int(sample.digest[:12], 16)])
        image = load_picture(sample)
        part = around_face(sample.box, image)
        image.paste(Image.fromarray(network(np.asarray(image.crop(part)), own)), part[:2])
        with replacing(files[sample.name]) as new:
            image.save(new, "JPEG", quality=_QUALITY)
    return files


def reconstruct(network: Reconstructor, photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Reconstruct a photograph and restore its sharpness.

    Args:
        network: Reconstructs pixels.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Generator for all random choices, and for the sharpness.

    Returns:
        RGB, uint8, as large as the photograph.
    """
    made = Image.fromarray(network(photo, rng))
    target, radius = sharpness(photo) * rng.uniform(*_SHARPNESS), rng.uniform(0.6, 1.4)
    return np.asarray(match_sharpness(made, target, radius))


def _autoencoder(
    decoder: str,
    photos: Sequence[Sample],
    spec: ReconstructionSpec,
    seed: int,
    folder: Path,
) -> Reconstructor:
    def pixels() -> list[Pixels]:
        rng = np.random.default_rng([seed, 3, DECODERS.index(decoder)])
        chosen = [photos[i] for i in rng.permutation(len(photos))[: spec.pictures]]
        return [pixels for _, pixels in in_threads(_middle, chosen, "reading photographs")]

    model = load_or_train(decoder, folder / f"{decoder}.weights.h5", pixels, spec.steps, seed)
    return lambda photo, own: autoencode(model, photo, own)


def open_upscaling(name: str, shrink: tuple[float, float]) -> Reconstructor:
    """Load a super-resolution network as a reconstructor of photographs shrunk by `shrink`."""
    net = open_upscaler(name)
    return lambda photo, own: shrink_and_upscale(net, shrink, photo, own)


def stratified_sample(
    samples: Sequence[Sample], most: int, rng: np.random.Generator
) -> list[Sample]:
    """Draw at most `most` samples of every origin; origin by origin."""
    by_origin: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_origin[sample.origin].append(sample)
    return [
        by_origin[origin][i]
        for origin in sorted(by_origin)
        for i in rng.permutation(len(by_origin[origin]))[:most]
    ]


def around_face(box: Box | None, image: Image.Image) -> tuple[int, int, int, int]:
    """Return the edges of the part that is reconstructed: all that a jittered crop can show."""
    return _around(box, image, _RECONSTRUCTED * (box or Box(0, 0, *image.size)).side)


def load_picture(sample: Sample) -> Image.Image:
    """Decode a picture, upright and RGB."""
    return Picture(sample.path).load()[0]


def _around(box: Box | None, image: Image.Image, side: float) -> tuple[int, int, int, int]:
    """Return the edges, in whole pixels, of a square around the face, clipped to the picture.

    Without a face it lies around the centre of the picture.
    """
    face = box or Box(0, 0, *image.size)
    x, y = face.x + face.width / 2, face.y + face.height / 2
    return (
        max(floor(x - side / 2), 0),
        max(floor(y - side / 2), 0),
        min(ceil(x + side / 2), image.width),
        min(ceil(y + side / 2), image.height),
    )


def _middle(sample: Sample) -> Pixels:
    """Return pixels around the centre of the face, few enough to hold thousands in memory."""
    image = load_picture(sample)
    return np.asarray(image.crop(_around(sample.box, image, _HELD)))
