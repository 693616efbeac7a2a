"""Autoencoders of image generators' latent spaces.

A latent-diffusion model draws through its decoder; a photograph that passed through the same
encoder and decoder differs from itself in that decoder's trace alone (Rajan et al. 2024, arXiv
2410.11835). The networks here are the small ones that Ollin Boer Bohan distilled from the
autoencoders of Stable Diffusion 1, SDXL, SD3, FLUX.1 and FLUX.2 (`taesd`, `taesdxl`, `taesd3`,
`taef1`, `taef2`; github.com/madebyollin/taesd, MIT). Their weights are read from a folder with
`<name>_encoder` and `<name>_decoder`, each `.safetensors` or `.pth`; PyTorch is not needed.

The layout follows from the names and shapes of the tensors: numbered layers of 3x3 convolutions
and of blocks of three with a skip. A convolution without bias halves the size in an encoder and
follows a doubling (nearest neighbour) in a decoder. Blocks of FLUX.2 have a branch of 1x1
convolutions around a group norm (4 groups), added to their input.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from train.errors import WeightsError
from train.networks.backbones._torch_file import read_torch_file

if TYPE_CHECKING:
    import tensorflow as tf

Pixels = npt.NDArray[np.uint8]

STRIDE = 8
"""Pixels of a side that one latent stands for; sides are padded to a multiple of it."""

Tensors = Mapping[str, npt.NDArray[np.float32]]

_GROUPS = 4  # of the group norm in blocks of FLUX.2
_EPSILON = 1e-5
_SUFFIXES = (".safetensors", ".pth")
_DTYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}


def weights_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Files of an encoder and its decoder.

    Raises:
        WeightsError: One is missing.
    """
    found = []
    for part in ("encoder", "decoder"):
        paths = [folder / f"{name}_{part}{suffix}" for suffix in _SUFFIXES]
        file = next((path for path in paths if path.is_file()), None)
        if file is None:
            raise WeightsError(f"{folder}: has no {name}_{part}.safetensors and no .pth")
        found.append(file)
    return found[0], found[1]


def read_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read weights as float32.

    Args:
        path: A file in safetensors (float32, float16, bfloat16), or of `torch.save`.

    Raises:
        WeightsError: It is neither, or holds other types.
    """
    try:
        if path.suffix == ".pth":
            return {name: array.astype(np.float32) for name, array in read_torch_file(path).items()}
        return _read_safetensors(path.read_bytes())
    except (OSError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path}: cannot be read as weights ({error})") from error


def _read_safetensors(raw: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Eight bytes of length, a JSON header, and the numbers; NumPy itself has no bfloat16."""
    start = 8 + int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8:start]).items():
        if name == "__metadata__":
            continue
        first, last = (start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(raw[first:last], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
        if entry["dtype"] == "BF16":  # the upper half of a float32
            values = (values.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = values.astype(np.float32)
    return tensors


def open_autoencoder(folder: Path, name: str) -> Callable[[Pixels, np.random.Generator], Pixels]:
    """Open an autoencoder of a generator.

    Args:
        folder: Holds its weights.
        name: Its name, one of `train.augment._latent_pairs.AUTOENCODERS`.

    Returns:
        Passes a picture (RGB, uint8, [h, w, 3]) through it, the latent grid placed at random; as
        large as the picture.

    Raises:
        WeightsError: The weights are missing or broken.
    """
    import tensorflow as tf

    encoder, decoder = (read_tensors(path) for path in weights_files(folder, name))

    def reconstruct(picture: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = picture.shape[:2]
        top, left = (int(n) for n in rng.integers(0, STRIDE, 2))
        pad = ((top, -(top + height) % STRIDE), (left, -(left + width) % STRIDE), (0, 0))
        padded = np.pad(picture, pad, "reflect").astype(np.float32) / 255
        latent = _run(encoder, padded[np.newaxis], halve=True)
        made = _run(decoder, 3 * tf.tanh(latent / 3), halve=False)[0].numpy()
        made = made[top : top + height, left : left + width].clip(0, 1)
        return np.asarray((made * 255).round(), np.uint8)

    return reconstruct


def _run(tensors: Tensors, x: tf.Tensor, *, halve: bool) -> tf.Tensor:
    """Lay the numbered layers of an encoder (`halve`) or a decoder over `x`, [n, h, w, c]."""
    import tensorflow as tf

    numbers = sorted({int(name.partition(".")[0]) for name in tensors})
    for number in numbers:
        if f"{number}.conv.0.weight" in tensors:
            x = _block(tensors, str(number), x)
        elif f"{number}.bias" in tensors:
            x = _conv(tensors, str(number), x)
            if not halve and number == numbers[0]:
                x = tf.nn.relu(x)
        elif halve:
            x = _conv(tensors, str(number), x, stride=2)
        else:
            x = _conv(tensors, str(number), tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2))
    return x


def _conv(tensors: Tensors, name: str, x: tf.Tensor, stride: int = 1) -> tf.Tensor:
    import tensorflow as tf

    kernel = tensors[f"{name}.weight"].transpose(2, 3, 1, 0)  # from [out, in, height, width]
    edge = [kernel.shape[0] // 2] * 2
    y = tf.nn.conv2d(x, kernel, stride, [[0, 0], edge, edge, [0, 0]])
    return y + tensors.get(f"{name}.bias", np.zeros(1, np.float32))


def _block(tensors: Tensors, name: str, x: tf.Tensor) -> tf.Tensor:
    """Three convolutions with a skip."""
    import tensorflow as tf

    if f"{name}.pool.0.weight" in tensors:
        x += _pooled(tensors, f"{name}.pool", x)
    y = tf.nn.relu(_conv(tensors, f"{name}.conv.0", x))
    y = tf.nn.relu(_conv(tensors, f"{name}.conv.2", y))
    y = _conv(tensors, f"{name}.conv.4", y)
    return tf.nn.relu(x + y)


def _pooled(tensors: Tensors, name: str, x: tf.Tensor) -> tf.Tensor:
    """A 1x1 convolution, a group norm over the whole picture, ReLU, a 1x1 convolution."""
    import tensorflow as tf

    x = _conv(tensors, f"{name}.0", x)
    _, height, width, channels = x.shape
    grouped = tf.reshape(x, (-1, height, width, _GROUPS, channels // _GROUPS))
    mean, variance = tf.nn.moments(grouped, (1, 2, 4), keepdims=True)
    normalised = tf.reshape((grouped - mean) * tf.math.rsqrt(variance + _EPSILON), x.shape)
    scaled = normalised * tensors[f"{name}.1.weight"] + tensors[f"{name}.1.bias"]
    return _conv(tensors, f"{name}.3", tf.nn.relu(scaled))
