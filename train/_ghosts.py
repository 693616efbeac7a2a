"""Ghosts: photographs that a network has drawn anew, as AI pictures of every source.

The same photograph before and after a network differs in the network's trace alone, so that neither
the person nor the camera nor the origin can decide (Rajan et al. 2024, arXiv 2410.11835, "Aligned
Datasets Improve Detection of Latent Diffusion-Generated Images"). Their networks are the
autoencoders of generators. Ours are small autoencoders (`train._autoencoder`), which leave the
trace of a decoder, and networks that enlarge pictures (`train._upscalers`), which invent detail as
sharp as a camera's. Either way the sharpness of the photograph is given back: else softness, or
crispness, would count as a sign of AI.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface._decode import Picture
from train._autoencoder import DECODERS, Pixels, fitted, passed_through
from train._progress import progress
from train._sharpness import brought_to, sharpness
from train._threads import in_threads
from train._upscalers import ENHANCED, ENHANCERS, UPSCALERS, opened, redrawn

if TYPE_CHECKING:
    from train._data import Sample

Draws = Callable[[Pixels, np.random.Generator], Pixels]
"""Draws a photograph anew, as large as it was."""

_QUALITY = 90  # of JPEG, as the pictures have it
_SHARPNESS = (0.75, 1.05)  # of a ghost, as a share of that of its photograph


@dataclass(frozen=True, slots=True)
class GhostSpec:
    """How many ghosts there are and how they are made.

    Attributes:
        per_source: Photographs of every Real source that get a ghost; they are divided evenly
            between the autoencoders and the upscalers.
        steps: Steps of 32 patches that an autoencoder is fitted for.
        pictures: Photographs that the autoencoders are fitted on.
        upscalers: Names from `train._upscalers.UPSCALERS`.
        gentle: Chance that a photograph and its ghost get the milder histories of pairs; otherwise
            theirs are as those of single pictures, and what is left of the trace has to do.
        enhanced: Chance that a photograph is shown as an upscaler enhanced it, enlarged from its
            full size and shrunk back: that stays a photograph, so that an upscaler's trace alone
            is no sign of AI. Those whose ghost is by one of `train._upscalers.ENHANCERS` can be.
    """

    per_source: int = 60
    steps: int = 850
    pictures: int = 2400
    upscalers: tuple[str, ...] = ()
    gentle: float = 1.0
    enhanced: float = 0.0

    def __post_init__(self) -> None:
        """Refuse upscalers that there are not, and no chances (`ValueError`)."""
        if not 0 <= self.enhanced <= 1:
            raise ValueError(f"ghosts.enhanced must be from 0 to 1, got {self.enhanced:g}")
        if self.enhanced and not set(self.upscalers) & set(ENHANCERS):
            raise ValueError(f"ghosts.enhanced needs one of {', '.join(ENHANCERS)} as upscaler")
        if unknown := set(self.upscalers) - set(UPSCALERS):
            raise ValueError(
                f"ghosts.upscalers: there is no {', '.join(sorted(unknown))};"
                f" there are {', '.join(UPSCALERS)}"
            )


def make_ghosts(
    samples: Sequence[Sample], spec: GhostSpec, seed: int, folder: Path
) -> dict[str, Path]:
    """Make the ghosts that are missing.

    Args:
        samples: The training pictures; only the photographs among them matter.
        spec: How many and how.
        seed: Of everything that is drawn.
        folder: Where autoencoders and ghosts are kept.

    Returns:
        The file of the ghost of every photograph that has one, by the name of the sample.

    Raises:
        WeightsError: Upscalers are asked for and not installed.
    """
    rng = np.random.default_rng([seed, 1])
    photos, shares = _shares(samples, spec, rng)
    files: dict[str, Path] = {}
    for name, share in shares.items():

        def draws(name: str = name) -> Draws:
            if name in UPSCALERS:
                return _upscaler(name, UPSCALERS[name].shrink)
            return _autoencoder(name, photos, spec, seed, rng, folder)

        files |= _made(draws, share, folder, seed, f"ghosts ({name})")
    return files


def make_enhanced(
    samples: Sequence[Sample], spec: GhostSpec, seed: int, folder: Path
) -> dict[str, Path]:
    """Make the enhanced photographs that are missing.

    Args:
        samples: As for `make_ghosts`.
        spec: Likewise.
        seed: Likewise.
        folder: Where they are kept; another one than that of the ghosts.

    Returns:
        The file of every photograph that has been enhanced, by the name of the sample.

    Raises:
        WeightsError: The upscalers are not installed.
    """
    _, shares = _shares(samples, spec, np.random.default_rng([seed, 1]))
    files: dict[str, Path] = {}
    for name in ENHANCERS:
        draws = partial(_upscaler, name, ENHANCED)
        files |= _made(draws, shares.get(name, []), folder, seed, f"enhanced ({name})")
    return files


def _shares(
    samples: Sequence[Sample], spec: GhostSpec, rng: np.random.Generator
) -> tuple[list[Sample], dict[str, list[Sample]]]:
    """The photographs, and which of them every maker draws."""
    photos = [sample for sample in samples if sample.label == 1]
    chosen = _chosen(photos, spec.per_source, rng)
    makers = (*DECODERS, *spec.upscalers)
    return photos, {name: chosen[number :: len(makers)] for number, name in enumerate(makers)}


def _made(
    draws: Callable[[], Draws], share: Sequence[Sample], folder: Path, seed: int, what: str
) -> dict[str, Path]:
    """The files of a maker's share; `draws` is opened where one is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {sample.name: folder / f"{sample.digest}.jpg" for sample in share}
    todo = [sample for sample in share if not files[sample.name].exists()]
    if not todo:
        return files
    draw = draws()
    for sample in progress(todo, what, len(todo)):
        own = np.random.default_rng([seed, int(sample.digest[:12], 16)])
        ghost = haunted(draw, _load(sample), own)
        aside = files[sample.name].with_suffix(".tmp")
        Image.fromarray(ghost).save(aside, "JPEG", quality=_QUALITY)
        aside.replace(files[sample.name])
    return files


def haunted(draws: Draws, photo: Pixels, rng: np.random.Generator) -> Pixels:
    """Have a photograph drawn anew and give back its sharpness.

    Args:
        draws: Draws it.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Draws all that is left to chance, and how sharp the ghost becomes.

    Returns:
        The ghost, as large as the photograph.
    """
    ghost = Image.fromarray(draws(photo, rng))
    target, radius = sharpness(photo) * rng.uniform(*_SHARPNESS), rng.uniform(0.6, 1.4)
    return np.asarray(brought_to(ghost, target, radius))


def _autoencoder(
    decoder: str,
    photos: Sequence[Sample],
    spec: GhostSpec,
    seed: int,
    rng: np.random.Generator,
    folder: Path,
) -> Draws:
    def pixels() -> list[Pixels]:
        chosen = [photos[i] for i in rng.permutation(len(photos))[: spec.pictures]]
        return [pixels for _, pixels in in_threads(_load, chosen, "reading photographs")]

    model = fitted(decoder, folder / f"{decoder}.weights.h5", pixels, spec.steps, seed)
    return lambda photo, own: passed_through(model, photo, own)


def _upscaler(name: str, shrink: tuple[float, float]) -> Draws:
    net = opened(name)
    return lambda photo, own: redrawn(net, shrink, photo, own)


def _chosen(photos: Sequence[Sample], most: int, rng: np.random.Generator) -> list[Sample]:
    by_source: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in photos:
        by_source[sample.source].append(sample)
    return [
        by_source[source][i]
        for source in sorted(by_source)
        for i in rng.permutation(len(by_source[source]))[:most]
    ]


def _load(sample: Sample) -> Pixels:
    return np.asarray(Picture(sample.path).load()[0])
