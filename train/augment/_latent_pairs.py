"""Pairs of a photograph and its reconstruction by an image generator's autoencoder.

Both of a pair are resized and encoded alike before, so that they differ in the network's trace
alone (Rajan et al. 2024, arXiv 2410.11835). A reconstruction counts as AI; its sharpness is
restored, since softness must not. AI pictures are reconstructed too: one that went through two
decoders stays an AI picture.

Reconstructions are cached by network and content of the picture, and do not depend on the
recipe's seed, so that all trainings on one cache share them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface.files import replacing
from fakeface.images import Picture
from fakeface.types import Box
from train.augment._latent import Pixels, open_autoencoder, weights_files
from train.augment._sharpness import match_sharpness, sharpness
from train.progress import progress
from train.recipes import AUTOENCODERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from train.data import Sample
    from train.recipes import AutoencoderSpec

    Network = Callable[[Pixels, np.random.Generator], Pixels]

_QUALITY = 90  # of JPEG, as the pictures have it
_SMALLEST = 64  # pixels: no side is shrunk below
_RECONSTRUCTED = 2.4  # in sizes of the face: all that a jittered crop can show
_SHARPNESS = (0.75, 1.05)  # of a reconstruction, relative to its photograph


@dataclass(frozen=True, slots=True)
class Reconstructions:
    """Files by the names of their samples.

    Attributes:
        photographs: Reconstructions of photographs, which count as AI.
        counterparts: The same photographs, resized and encoded as before the reconstruction.
        generated: Reconstructions of AI pictures.
    """

    photographs: dict[str, Path] = field(default_factory=dict)
    counterparts: dict[str, Path] = field(default_factory=dict)
    generated: dict[str, Path] = field(default_factory=dict)


def make_reconstructions(
    samples: Sequence[Sample], spec: AutoencoderSpec, folder: Path
) -> Reconstructions:
    """Write the reconstructions that are not in the cache yet.

    Args:
        samples: The training pictures, with face boxes.
        spec: Which of them, and how.
        folder: The cache.

    Raises:
        WeightsError: Weights of a network are missing or broken.
    """
    weights = Path(spec.folder)
    for name in spec.networks:
        weights_files(weights, name)
    photos = [sample for sample in samples if sample.label == 1]
    generated = [sample for sample in samples if sample.label == 0]
    chosen = _spread(photos, spec.photographs, lambda s: s.origin)
    chosen += _spread(generated, spec.generated, lambda s: s.generator or s.origin)
    folder = folder / _key(spec)
    made = Reconstructions()
    for number, name in enumerate(spec.networks):
        share = [s for s in chosen if int(s.digest[12:20], 16) % len(spec.networks) == number]
        home = folder / name
        home.mkdir(parents=True, exist_ok=True)
        files = {sample.name: home / f"{sample.digest}.jpg" for sample in share}
        _fill(share, files, spec, name)
        for sample in share:
            if sample.label == 0:
                made.generated[sample.name] = files[sample.name]
            else:
                made.photographs[sample.name] = files[sample.name]
                made.counterparts[sample.name] = _counterpart(files[sample.name])
    return made


def _fill(
    share: Sequence[Sample], files: Mapping[str, Path], spec: AutoencoderSpec, name: str
) -> None:
    todo = [sample for sample in share if not files[sample.name].exists()]
    if not todo:
        return
    network = open_autoencoder(Path(spec.folder), name)
    for sample in progress(todo, f"reconstructions ({name})", len(todo)):
        rng = np.random.default_rng([AUTOENCODERS.index(name), int(sample.digest[:12], 16)])
        photo, made = pair(Picture(sample.path).load()[0], sample, network, spec, rng)
        target = files[sample.name]
        for image, path in ((photo, _counterpart(target)), (made, target)):  # this one says done
            with replacing(path) as new:
                image.save(new, "JPEG", quality=_QUALITY)


def pair(
    image: Image.Image,
    sample: Sample,
    network: Network,
    spec: AutoencoderSpec,
    rng: np.random.Generator,
) -> tuple[Image.Image, Image.Image]:
    """Degrade a picture around its face, and reconstruct that.

    Args:
        image: Upright RGB picture, left unchanged.
        sample: Says where the face is.
        network: Reconstructs pixels, uint8, [h, w, 3].
        spec: Probabilities and ranges.
        rng: Source of randomness.

    Returns:
        The degraded picture and its reconstruction, both as large as `image`.
    """
    part = around_face(sample.box, image)
    inner = image.crop(part)
    size = inner.size
    if rng.random() < spec.resize:
        factor = float(np.exp(rng.uniform(*np.log(spec.scale))))
        factor = max(factor, min(1.0, _SMALLEST / min(size)))
        inner = inner.resize([max(8, round(n * factor)) for n in size], Image.Resampling.BICUBIC)
    if rng.random() < spec.encode:
        buffer = io.BytesIO()
        inner.save(buffer, "JPEG", quality=int(rng.integers(*spec.quality, endpoint=True)))
        inner = Image.open(buffer).convert("RGB")
    made = Image.fromarray(reconstruct(network, np.asarray(inner), rng))
    both = []
    for content in (inner, made):
        if content.size != size:
            content = content.resize(size, Image.Resampling.BICUBIC)
        whole = image.copy()
        whole.paste(content, part[:2])
        both.append(whole)
    return both[0], both[1]


def reconstruct(network: Network, photo: Pixels, rng: np.random.Generator) -> Pixels:
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


def around_face(box: Box | None, image: Image.Image) -> tuple[int, int, int, int]:
    """Return the edges of the part that is reconstructed: all that a jittered crop can show.

    It is a square around the face, or the centre of the picture without one, clipped to the
    picture.
    """
    face = box or Box(0, 0, *image.size)
    x, y, half = face.x + face.width / 2, face.y + face.height / 2, _RECONSTRUCTED * face.side / 2
    return (
        max(floor(x - half), 0),
        max(floor(y - half), 0),
        min(ceil(x + half), image.width),
        min(ceil(y + half), image.height),
    )


def _spread(samples: Sequence[Sample], count: int, group: Callable[[Sample], str]) -> list[Sample]:
    """Draw about `count` samples, divided between groups by the square root of their sizes.

    Within a group they follow from their content alone, so that trainings on nearly the same
    pictures share nearly all reconstructions.
    """
    groups: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[group(sample)].append(sample)
    roots = sum(len(members) ** 0.5 for members in groups.values())
    chosen = []
    for name in sorted(groups):
        members = sorted(groups[name], key=lambda sample: sample.digest)
        chosen += members[: round(count * len(members) ** 0.5 / roots)]
    return chosen


def _counterpart(file: Path) -> Path:
    return file.with_name(f"{file.stem}-photo.jpg")


def _key(spec: AutoencoderSpec) -> str:
    """Hash of what decides the pixels of a reconstruction, apart from picture and network."""
    settings = {key: getattr(spec, key) for key in ("resize", "scale", "encode", "quality")}
    return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=8).hexdigest()
