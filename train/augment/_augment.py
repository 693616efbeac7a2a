"""Augmentation, applied to both classes alike.

A detector trained on few origins learns how the files of each were processed: the resize filter,
the codec and its quality, sharpness, noise. So every training picture goes through a random
degradation pipeline (resizing, encoding, blur, noise, colour), drawn anew each time, before
`fakeface` crops the face; Pillow does all resampling and encoding. Only the smoothing of beauty
filters is for photographs alone: retouched people are still photographed. Sharpness matching brings
both classes to sharpnesses from one range, so that sharpness does not separate them.

Wang et al. 2020 (CNNDetection) showed that augmentation with blur and JPEG generalises to unseen
generators; Grommelt et al. 2024 (arXiv 2403.17608) show what unequal JPEG quality and size do.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageFilter

from fakeface import CropSpec
from fakeface.preprocessing import crop, crop_box
from fakeface.types import Box
from train.augment._sharpness import match_sharpness, sharpness

if TYPE_CHECKING:
    from train.recipes import AugmentSpec

_RESAMPLING = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
    Image.Resampling.HAMMING,
)
_SMALLEST = 64


def augmented_crop(
    image: Image.Image,
    box: Box | None,
    real: bool,
    spec: CropSpec,
    options: AugmentSpec,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Augment a picture and crop it around its jittered face box.

    Args:
        image: Upright RGB picture, left unchanged.
        box: The face in pixels of `image`; None takes the whole picture.
        real: Whether it is a photograph, which may be smoothed.
        spec: What the model sees of a face.
        options: Probabilities and ranges.
        rng: Source of randomness; the same state gives the same crop.

    Returns:
        RGB, uint8, shape (spec.size, spec.size, 3).
    """
    box = box or _middle(image, spec.margin)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        box = Box(image.width - box.x - box.width, box.y, box.width, box.height)
    if options.match_sharpness and rng.random() < options.match_sharpness:
        image = _with_sharpness_matched(image, box, spec, options, rng)
    if rng.random() >= options.identity:
        image, box = _degrade(image, box, real, options, rng)
    pixels = crop(image, _jitter(box, options, rng), spec)
    if rng.random() < options.cutout:
        pixels = _cutout(pixels, rng)
    return pixels


def _middle(image: Image.Image, margin: float) -> Box:
    """Return the face box whose crop with `margin` is the full picture."""
    side = min(image.size) / margin
    return Box((image.width - side) / 2, (image.height - side) / 2, side, side)


def _with_sharpness_matched(
    image: Image.Image, box: Box, spec: CropSpec, options: AugmentSpec, rng: np.random.Generator
) -> Image.Image:
    """Sharpen or blur the picture so that its face has a random target sharpness."""
    low, high = np.log(options.sharpness)
    target, radius = float(np.exp(rng.uniform(low, high))), rng.uniform(0.5, 1.6)
    inner = crop_box(box, image.size, 0.5)
    seen = crop(image, inner, replace(spec, size=round(spec.size / spec.margin / 2), margin=1.0))
    part = inner.x, inner.y, inner.x + inner.width, inner.y + inner.height
    left, top, right, bottom = (round(edge) for edge in part)
    own = sharpness(np.asarray(image.crop((left, top, right, bottom))))
    factor = target / max(sharpness(seen), 0.1)
    return match_sharpness(image, own * factor, radius, (left, top, right, bottom))


def _degrade(
    image: Image.Image, box: Box, real: bool, options: AugmentSpec, rng: np.random.Generator
) -> tuple[Image.Image, Box]:
    smooth, own = rng.random() < options.smooth, rng.integers(2**32)
    if smooth and real:  # with its own generator, so that both of a pair are augmented alike
        image = smooth_skin(image, np.random.default_rng(own))
    if rng.random() < options.colour:
        image = _grade(image, rng)
    if rng.random() < options.grey:
        image = image.convert("L").convert("RGB")
    if rng.random() < options.noise:
        image = _add_noise(image, rng)
    if rng.random() < options.rescale:
        image, box = _rescale(image, box, options, rng)
    if rng.random() < options.blur:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    if rng.random() < options.sharpen:
        amount = ImageFilter.UnsharpMask(rng.uniform(0.5, 2.0), int(rng.integers(30, 150)), 0)
        image = image.filter(amount)
    if rng.random() < options.encode:
        image = _encode(image, options, rng)
    if rng.random() < options.recompress:
        image, box = _rescale(image, box, options, rng)
        image = _encode(image, options, rng)
    return image, box


def _rescale(
    image: Image.Image, box: Box, options: AugmentSpec, rng: np.random.Generator
) -> tuple[Image.Image, Box]:
    low, high = np.log(options.scale[0]), np.log(options.scale[1])
    factor = float(np.exp(rng.uniform(low, high)))
    factor = max(factor, min(1.0, _SMALLEST / max(box.side, 1.0)))
    size = (max(8, round(image.width * factor)), max(8, round(image.height * factor)))
    method = _RESAMPLING[rng.integers(len(_RESAMPLING))]
    return image.resize(size, method), box.scaled(size[0] / image.width)


def _encode(image: Image.Image, options: AugmentSpec, rng: np.random.Generator) -> Image.Image:
    low, high = options.quality
    buffer = io.BytesIO()
    if rng.random() < 0.75:
        chroma = int(rng.choice((0, 1, 2), p=(0.25, 0.1, 0.65)))
        quality = int(rng.integers(low, max(high, low + 1)))
        image.save(buffer, "JPEG", quality=quality, subsampling=chroma)
    else:
        low = max(low, 40)
        image.save(buffer, "WEBP", quality=int(rng.integers(low, max(high, low + 1))), method=1)
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


def smooth_skin(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Smooth small differences and keep edges, as beauty filters do."""
    blurred = image.filter(ImageFilter.GaussianBlur(rng.uniform(1.0, 4.0)))
    pixels = np.asarray(image, np.float32)
    difference = np.asarray(blurred, np.float32) - pixels
    threshold = rng.uniform(6.0, 20.0)
    pixels += rng.uniform(0.4, 1.0) * difference * np.exp(-np.square(difference / threshold))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _grade(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Change exposure (gamma), contrast and white balance by table, then saturation."""
    levels = np.arange(256, dtype=np.float64) / 255.0
    gamma, contrast = np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(0, 0.15))
    tables = []
    for gain in np.exp(rng.normal(0, 0.05, 3)):
        curve = (levels**gamma * gain - 0.5) * contrast + 0.5
        tables.append(np.clip(curve * 255.0, 0, 255).round().astype(np.uint8))
    image = image.point(np.concatenate(tables).tolist())
    return ImageEnhance.Color(image).enhance(float(np.exp(rng.normal(0, 0.25))))


def _add_noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Add Gaussian noise, to luminance alone half of the time."""
    channels = 1 if rng.random() < 0.5 else 3
    noise = rng.standard_normal((image.height, image.width, channels), np.float32)
    pixels = np.asarray(image, np.float32) + noise * np.float32(rng.uniform(1.0, 9.0))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _jitter(box: Box, options: AugmentSpec, rng: np.random.Generator) -> Box:
    scale = float(np.exp(np.clip(rng.normal(0, options.zoom), -0.35, 0.35)))
    dx, dy = rng.normal(0, options.shift, 2) * box.side
    width, height = box.width * scale, box.height * scale
    x = box.x + box.width / 2 + dx - width / 2
    y = box.y + box.height / 2 + dy - height / 2
    return Box(float(x), float(y), width, height)


def _cutout(pixels: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    side = pixels.shape[0]
    height, width = (int(side * share) for share in rng.uniform(0.15, 0.45, 2))
    top, left = int(rng.integers(side - height)), int(rng.integers(side - width))
    pixels = pixels.copy()
    pixels[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    return pixels
