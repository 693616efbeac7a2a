"""Pairs of a photograph and its reconstruction by an image generator's autoencoder.

Both of a pair are resized and encoded alike before, so that they differ in the network's trace
alone (Rajan et al. 2024, arXiv 2410.11835). A reconstruction counts as AI; its sharpness is
restored, since softness must not.

Reconstructions are cached by network, content of the picture and face box, and do not depend on the
recipe's seed, so that all trainings on one cache share them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
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

if TYPE_CHECKING:
    from train.data import Sample
    from train.recipes import AutoencoderSpec

    Network = Callable[[Pixels, np.random.Generator], Pixels]

AUTOENCODERS = ("taesd", "taesdxl", "taesd3", "taef1", "taef2")
"""Names of the autoencoders; photographs are divided between them by their content."""

_RESIZE, _SCALE = 0.5, (0.6, 1.3)  # before: probability of a resize, its factors,
_ENCODE, _ENCODED = 0.35, (60, 95)  # and probability of JPEG, its qualities
_QUALITY = 90  # of JPEG, as the pictures have it
_SMALLEST = 64  # pixels: no side is shrunk below
_RECONSTRUCTED = 2.4  # in sizes of the face: all that a jittered crop can show
_SHARPNESS = (0.75, 1.05)  # of a reconstruction, relative to its photograph


Reconstructions = dict[str, tuple[Path, Path]]
"""By name of a photograph, its reconstruction, and the photograph as it was reconstructed from."""


def make_reconstructions(
    samples: Sequence[Sample], spec: AutoencoderSpec, folder: Path
) -> Reconstructions:
    """Write the reconstructions that are not in the cache yet.

    Args:
        samples: The training pictures, with face boxes.
        spec: How many of them, and where the autoencoders are.
        folder: The cache.

    Raises:
        WeightsError: Weights of a network are missing or broken.
    """
    weights = [path for name in AUTOENCODERS for path in weights_files(Path(spec.folder), name)]
    photographs = [sample for sample in samples if sample.label == 1]
    key = hashlib.blake2b(
        json.dumps(
            [_RESIZE, _SCALE, _ENCODE, _ENCODED, _QUALITY, _SMALLEST, _RECONSTRUCTED, _SHARPNESS]
        ).encode(),
        digest_size=8,
    )
    for path in weights:
        key.update(path.read_bytes())
    home = folder / key.hexdigest()
    files: dict[str, list[tuple[Sample, Path, Path]]] = {name: [] for name in AUTOENCODERS}
    for sample in _spread(photographs, spec.photographs):
        name = AUTOENCODERS[int(sample.digest[12:20], 16) % len(AUTOENCODERS)]
        stem = hashlib.blake2b(f"{sample.digest} {sample.box}".encode()).hexdigest()[:32]
        made, photo = (home / name / f"{stem}{kind}.jpg" for kind in ("", "-photo"))
        files[name].append((sample, made, photo))
    for name, pairs in files.items():
        todo = [each for each in pairs if not each[1].exists()]
        if not todo:
            continue
        (home / name).mkdir(parents=True, exist_ok=True)
        network = open_autoencoder(Path(spec.folder), name)
        for sample, *paths in progress(todo, f"reconstructions ({name})", len(todo)):
            rng = np.random.default_rng([AUTOENCODERS.index(name), int(sample.digest[:12], 16)])
            images = pair(Picture(sample.path).load()[0], sample.box, network, rng)
            for image, path in zip(images[::-1], paths[::-1], strict=True):  # that of `made` last
                with replacing(path) as new:
                    image.save(new, "JPEG", quality=_QUALITY)
    return {s.name: (made, photo) for pairs in files.values() for s, made, photo in pairs}


def pair(
    image: Image.Image, box: Box | None, network: Network, rng: np.random.Generator
) -> tuple[Image.Image, Image.Image]:
    """Degrade a photograph around its face, and reconstruct that.

    Args:
        image: Upright RGB picture, left unchanged.
        box: Where the face is.
        network: Reconstructs pixels, uint8, [h, w, 3].
        rng: Source of randomness.

    Returns:
        The reconstruction and the degraded picture, both as large as `image`.
    """
    part = around_face(box, image)
    inner = image.crop(part)
    size = inner.size
    if rng.random() < _RESIZE:
        factor = float(np.exp(rng.uniform(*np.log(_SCALE))))
        factor = max(factor, min(1.0, _SMALLEST / min(size)))
        inner = inner.resize([max(8, round(n * factor)) for n in size], Image.Resampling.BICUBIC)
    if rng.random() < _ENCODE:
        buffer = io.BytesIO()
        inner.save(buffer, "JPEG", quality=int(rng.integers(*_ENCODED, endpoint=True)))
        inner = Image.open(buffer).convert("RGB")
    made = Image.fromarray(reconstruct(network, np.asarray(inner), rng))
    both = []
    for content in (made, inner):
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


def _spread(photographs: Sequence[Sample], count: int) -> list[Sample]:
    """Draw about `count` photographs, divided between origins by the square root of their sizes.

    Within an origin they follow from their content alone, so that trainings on nearly the same
    pictures share nearly all reconstructions.
    """
    origins: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in photographs:
        origins[sample.origin].append(sample)
    roots = sum(len(members) ** 0.5 for members in origins.values())
    chosen = []
    for name in sorted(origins):
        members = sorted(origins[name], key=lambda sample: sample.digest)
        chosen += members[: round(count * len(members) ** 0.5 / roots)]
    return chosen
