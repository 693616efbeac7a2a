"""Views of a picture: how it looks after what is often done to pictures, the same every time."""

from __future__ import annotations

import io
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface import CropSpec
from fakeface.images import Picture
from fakeface.preprocessing import crop, crop_picture
from train.data._sample import Sample

_FIXED = {"web": (0.75, 60), "hard": (0.5, 40)}
"""Factor of the size, and quality of JPEG."""

_RESAMPLING = (
    Image.Resampling.LANCZOS,
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
)


def crop_view(sample: Sample, view: str, spec: CropSpec) -> npt.NDArray[np.uint8]:
    """Crop the face from a view of a picture.

    Args:
        sample: The picture and its face.
        view: `clean`; `mirrored`; `web` and `hard`, at 3/4 and half of the size with JPEG of
            quality 60 and 40; or `random-1` and so on: at .4 to 1 of the size, in a fifth of the
            cases at all of it, with JPEG or WebP of quality 30 to 90.
        spec: What the model sees of a face.

    Returns:
        RGB, uint8, shape (spec.size, spec.size, 3).

    Raises:
        ImageError: The picture cannot be decoded.
    """
    if view in ("clean", "mirrored"):
        pixels = crop_picture(Picture(sample.path), sample.box, spec)
        return pixels if view == "clean" else np.ascontiguousarray(pixels[:, ::-1])
    image = Picture(sample.path).load()[0].convert("RGB")
    encoder, resampling = "JPEG", Image.Resampling.LANCZOS
    if view in _FIXED:
        factor, quality = _FIXED[view]
    else:
        rng = np.random.default_rng([zlib.crc32(f"{sample.digest} {view}".encode())])
        factor = 1.0 if rng.random() < 0.2 else float(np.exp(rng.uniform(np.log(0.4), 0)))
        quality = int(rng.integers(30, 91))
        encoder = "JPEG" if rng.random() < 0.8 else "WEBP"
        resampling = _RESAMPLING[rng.integers(len(_RESAMPLING))]
    size = max(8, round(image.width * factor)), max(8, round(image.height * factor))
    buffer = io.BytesIO()
    image.resize(size, resampling).save(buffer, encoder, quality=quality)
    buffer.seek(0)
    box = sample.box and sample.box.scaled(size[0] / image.width)
    return crop(Image.open(buffer).convert("RGB"), box, spec)
