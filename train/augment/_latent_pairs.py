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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fakeface.files import replacing
from train._checks import check_share
from train.augment._latent import AUTOENCODERS, open_autoencoder, weights_files
from train.augment._reconstructions import around_face, load_picture, reconstruct
from train.progress import progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from train.augment._autoencoder import Pixels
    from train.data._sample import Sample

    Network = Callable[[Pixels, np.random.Generator], Pixels]

_QUALITY = 90  # of JPEG, as the pictures have it
_SMALLEST = 64  # pixels: no side is shrunk below


@dataclass(frozen=True, slots=True)
class AutoencoderSpec:
    """Which pictures are reconstructed by which autoencoders.

    Attributes:
        folder: Holds the weights (`train.augment._latent`); empty for none.
        networks: Names from `train.augment._latent.AUTOENCODERS`; pictures are divided by their
            content, so that a larger choice keeps what a smaller one made.
        photographs: Photographs in total, divided between origins by the square root of their
            sizes.
        generated: AI pictures in total, divided likewise between generators.
        resize: Probability that a picture is resized before its reconstruction.
        scale: Smallest and largest factor of that resize, drawn log-uniformly.
        encode: Probability that it is encoded as JPEG before.
        quality: Lowest and highest quality of that encoding.
    """

    folder: str = ""
    networks: tuple[str, ...] = AUTOENCODERS
    photographs: int = 1200
    generated: int = 200
    resize: float = 0.5
    scale: tuple[float, float] = (0.6, 1.3)
    encode: float = 0.35
    quality: tuple[int, int] = (60, 95)

    def __post_init__(self) -> None:
        """Raise `ValueError` for unknown networks and values out of range."""
        if not self.networks or (unknown := set(self.networks) - set(AUTOENCODERS)):
            what = ", ".join(sorted(unknown)) if self.networks else "none"
            raise ValueError(
                f"autoencoders.networks must name some of {', '.join(AUTOENCODERS)}, got {what}"
            )
        for name in ("photographs", "generated"):
            if getattr(self, name) < 0:
                raise ValueError(f"autoencoders.{name} must not be negative")
        check_share("autoencoders.resize", self.resize)
        check_share("autoencoders.encode", self.encode)
        for name, least, most in (("scale", 0.1, 4.0), ("quality", 1, 100)):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(
                    f"autoencoders.{name} must rise from {least:g} or more to {most:g} or less,"
                    f" got {low:g}, {high:g}"
                )


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
        photo, made = pair(load_picture(sample), sample, network, spec, rng)
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
        spec: Chances and ranges.
        rng: Decides all that is left to chance.

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
    chances = {
        k: v for k, v in asdict(spec).items() if k in {"resize", "scale", "encode", "quality"}
    }
    return hashlib.blake2b(json.dumps(chances, sort_keys=True).encode(), digest_size=8).hexdigest()
