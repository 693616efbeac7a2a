"""Ghosts: photographs that a network has drawn anew, as AI pictures of every source.

The same photograph before and after a network differs in the network's trace alone, so that neither
the person nor the camera nor the origin can decide (Rajan et al. 2024, arXiv 2410.11835, "Aligned
Datasets Improve Detection of Latent Diffusion-Generated Images"). Their networks are the
autoencoders of generators. Ours are small autoencoders (`train.augment._autoencoder`), which leave
the trace of a decoder, and networks that enlarge pictures (`train.augment._upscalers`), which
invent detail as sharp as a camera's. Either way the sharpness of the photograph is given back: else
softness, or crispness, would count as a sign of AI.
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
from train._progress import in_threads, progress
from train.augment._autoencoder import DECODERS, Pixels, fitted, passed_through
from train.augment._sharpness import brought_to, sharpness
from train.augment._upscalers import UPSCALERS, check_names, opened, redrawn

if TYPE_CHECKING:
    from train.data._sample import Sample

Draws = Callable[[Pixels, np.random.Generator], Pixels]
"""Draws a photograph anew, as large as it was."""

_QUALITY = 90  # of JPEG, as the pictures have it
_DRAWN = 2.4  # in sizes of the face: what any crop shows, jittered too, is drawn anew
_HELD = 320  # pixels: side of what is held of a photograph to fit autoencoders on
_SHARPNESS = (0.75, 1.05)  # of a ghost, as a share of that of its photograph


@dataclass(frozen=True, slots=True)
class GhostSpec:
    """How many ghosts there are and how they are made.

    Attributes:
        per_source: Photographs of every Real source that get a ghost; they are divided evenly
            between the autoencoders and the upscalers.
        steps: Steps of 32 patches that an autoencoder is fitted for.
        pictures: Photographs that the autoencoders are fitted on.
        upscalers: Names from `train.augment._upscalers.UPSCALERS`.
        least_shrink: How far a photograph is shrunk at least before an upscaler draws it, where
            `train.augment._upscalers.UPSCALERS` would begin below: one that is hardly shrunk is
            merely enhanced (`train.augment._enhanced`).
        gentle: Chance that a photograph and its ghost get the milder histories of pairs; otherwise
            theirs are as those of single pictures, and what is left of the trace has to do.
    """

    per_source: int = 60
    steps: int = 850
    pictures: int = 2400
    upscalers: tuple[str, ...] = ()
    least_shrink: float = 1.0
    gentle: float = 1.0

    def __post_init__(self) -> None:
        """Refuse upscalers that there are not, and what makes no ghosts (`ValueError`)."""
        check_names("ghosts.upscalers", self.upscalers)
        for name, least in (("per_source", 0), ("steps", 1), ("pictures", 1), ("least_shrink", 1)):
            if not getattr(self, name) >= least:
                raise ValueError(
                    f"ghosts.{name} must be at least {least}, got {getattr(self, name):g}"
                )
        check_share("ghosts.gentle", self.gentle)


def make_ghosts(
    samples: Sequence[Sample],
    spec: GhostSpec,
    seed: int,
    folder: Path,
    decoders: Sequence[str] = DECODERS,
) -> dict[str, Path]:
    """Make the ghosts that are missing.

    Args:
        samples: The training pictures; only the photographs among them matter.
        spec: How many and how.
        seed: Of everything that is drawn.
        folder: Where autoencoders and ghosts are kept.
        decoders: Which autoencoders are fitted here; none where others take their place.

    Returns:
        The file of the ghost of every photograph that has one, by the name of the sample.

    Raises:
        WeightsError: Upscalers are asked for and not installed.
    """
    photos = [sample for sample in samples if sample.label == 1]
    chosen = some_of_each(photos, spec.per_source, np.random.default_rng([seed, 1]))
    files: dict[str, Path] = {}

    def opens(name: str) -> Draws:
        if name in UPSCALERS:
            low, high = (max(spec.least_shrink, limit) for limit in UPSCALERS[name].shrink)
            return partial(reconstruct, upscaler(name, (low, high)))
        return partial(reconstruct, _autoencoder(name, photos, spec, seed, folder))

    for name, share in shared_out(chosen, (*decoders, *spec.upscalers)).items():
        files |= drawn(partial(opens, name), share, folder, seed, f"ghosts ({name})")
    return files


def shared_out(samples: Sequence[Sample], makers: Sequence[str]) -> dict[str, list[Sample]]:
    """Which of the samples every maker draws: each as many of every source."""
    return {name: list(samples[number :: len(makers)]) for number, name in enumerate(makers)}


def drawn(
    opens: Callable[[], Draws], share: Sequence[Sample], folder: Path, seed: int, what: str
) -> dict[str, Path]:
    """The files of a maker's share; those that are missing are made.

    Args:
        opens: Opens the maker; called where a file is missing.
        share: What it draws.
        folder: Where the files are kept.
        seed: With the picture, of all that is left to chance.
        what: Says so beside the progress.

    Returns:
        File by name of the sample.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {sample.name: folder / f"{sample.digest}.jpg" for sample in share}
    todo = [sample for sample in share if not files[sample.name].exists()]
    if not todo:
        return files
    draw = opens()
    for sample in progress(todo, what, len(todo)):
        own = np.random.default_rng([seed, int(sample.digest[:12], 16)])
        image = load_picture(sample)
        part = around_face(sample.box, image)
        image.paste(Image.fromarray(draw(np.asarray(image.crop(part)), own)), part[:2])
        with replacing(files[sample.name]) as new:
            image.save(new, "JPEG", quality=_QUALITY)
    return files


def reconstruct(draws: Draws, photo: Pixels, rng: np.random.Generator) -> Pixels:
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
    folder: Path,
) -> Draws:
    def pixels() -> list[Pixels]:
        rng = np.random.default_rng([seed, 3, DECODERS.index(decoder)])
        chosen = [photos[i] for i in rng.permutation(len(photos))[: spec.pictures]]
        return [pixels for _, pixels in in_threads(_middle, chosen, "reading photographs")]

    model = fitted(decoder, folder / f"{decoder}.weights.h5", pixels, spec.steps, seed)
    return lambda photo, own: passed_through(model, photo, own)


def upscaler(name: str, shrink: tuple[float, float]) -> Draws:
    """A network of `train.augment._upscalers.UPSCALERS` that draws what was shrunk so far."""
    net = opened(name)
    return lambda photo, own: redrawn(net, shrink, photo, own)


def some_of_each(samples: Sequence[Sample], most: int, rng: np.random.Generator) -> list[Sample]:
    """At most so many of every source, drawn by `rng`; source by source."""
    by_source: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_source[sample.source].append(sample)
    return [
        by_source[source][i]
        for source in sorted(by_source)
        for i in rng.permutation(len(by_source[source]))[:most]
    ]


def around_face(box: Box | None, image: Image.Image) -> tuple[int, int, int, int]:
    """Edges of the part of a picture that any crop shows, jittered too: what is reconstructed."""
    return _around(box, image, _DRAWN * (box or Box(0, 0, *image.size)).side)


def load_picture(sample: Sample) -> Image.Image:
    """Decode a picture, upright and RGB."""
    return Picture(sample.path).load()[0]


def _around(box: Box | None, image: Image.Image, side: float) -> tuple[int, int, int, int]:
    """Edges, in whole pixels, of a square around the face, as far as it lies inside the picture.

    Without a face it lies around the middle of the picture.
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
    """Pixels around the middle of the face: thousands of photographs are held at once."""
    image = load_picture(sample)
    return np.asarray(image.crop(_around(sample.box, image, _HELD)))
