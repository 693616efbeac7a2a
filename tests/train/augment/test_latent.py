from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from train.augment._latent import open_autoencoder, read_tensors, weights_files
from train.errors import WeightsError

WIDTH = 8
Tensors = dict[str, np.ndarray]


def random_conv(rng: np.random.Generator, name: str, out: int, into: int, size: int = 3) -> Tensors:
    scale = (into * size * size) ** -0.5
    return {f"{name}.weight": rng.normal(0, scale, (out, into, size, size)).astype(np.float32)}


def with_bias(rng: np.random.Generator, name: str, out: int, into: int) -> Tensors:
    bias = {f"{name}.bias": rng.normal(0, 0.1, out).astype(np.float32)}
    return random_conv(rng, name, out, into) | bias


def block(rng: np.random.Generator, name: str, *, pooled: bool) -> Tensors:
    tensors: Tensors = {}
    for number in (0, 2, 4):
        tensors |= with_bias(rng, f"{name}.conv.{number}", WIDTH, WIDTH)
    if pooled:
        tensors |= random_conv(rng, f"{name}.pool.0", 4 * WIDTH, WIDTH, 1)
        tensors |= random_conv(rng, f"{name}.pool.3", WIDTH, 4 * WIDTH, 1)
        tensors[f"{name}.pool.1.weight"] = rng.uniform(0.5, 1.5, 4 * WIDTH).astype(np.float32)
        tensors[f"{name}.pool.1.bias"] = rng.normal(0, 0.1, 4 * WIDTH).astype(np.float32)
    return tensors


def networks(*, pooled: bool) -> tuple[Tensors, Tensors]:
    """A narrow encoder and decoder of the layout that the real ones have, with fewer layers."""
    rng = np.random.default_rng(0)
    encoder = with_bias(rng, "0", WIDTH, 3)
    for number in (2, 4, 6):
        encoder |= random_conv(rng, str(number), WIDTH, WIDTH)
        encoder |= block(rng, str(number + 1), pooled=pooled and number == 6)
    encoder |= with_bias(rng, "14", 4, WIDTH)
    decoder = with_bias(rng, "1", WIDTH, 4)
    for number in (3, 5, 7):
        decoder |= block(rng, str(number), pooled=pooled and number == 3)
        decoder |= random_conv(rng, str(number + 1), WIDTH, WIDTH)
    return encoder, decoder | with_bias(rng, "19", 3, WIDTH)


def conv(x: np.ndarray, tensors: Tensors, name: str, stride: int = 1) -> np.ndarray:
    """Convolve [channels, h, w], written out as sums over the places of the kernel."""
    kernel = tensors[f"{name}.weight"].astype(np.float64)
    edge = kernel.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (edge, edge), (edge, edge)))
    height, width = x.shape[1:]
    y = np.zeros((len(kernel), height, width))
    for i in range(kernel.shape[2]):
        for j in range(kernel.shape[3]):
            y += np.einsum("oc,chw->ohw", kernel[:, :, i, j], padded[:, i:, j:][:, :height, :width])
    return y[:, ::stride, ::stride] + tensors.get(f"{name}.bias", np.zeros(len(y)))[:, None, None]


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def layered(x: np.ndarray, tensors: Tensors, *, halve: bool) -> np.ndarray:
    numbers = sorted({int(name.split(".")[0]) for name in tensors})
    for number in numbers:
        name = str(number)
        if f"{name}.conv.0.weight" in tensors:
            if f"{name}.pool.0.weight" in tensors:
                wide = conv(x, tensors, f"{name}.pool.0")
                groups = wide.reshape(4, -1)
                groups = groups - groups.mean(1, keepdims=True)
                with_conv_bn = groups / np.sqrt((groups**2).mean(1, keepdims=True) + 1e-5)
                with_conv_bn = (
                    with_conv_bn.reshape(wide.shape)
                    * tensors[f"{name}.pool.1.weight"][:, None, None]
                )
                with_conv_bn = with_conv_bn + tensors[f"{name}.pool.1.bias"][:, None, None]
                x = x + conv(relu(with_conv_bn), tensors, f"{name}.pool.3")
            y = relu(conv(x, tensors, f"{name}.conv.0"))
            y = conv(relu(conv(y, tensors, f"{name}.conv.2")), tensors, f"{name}.conv.4")
            x = relu(y + x)
        elif f"{name}.bias" in tensors:
            x = conv(x, tensors, name)
            x = relu(x) if not halve and number == numbers[0] else x
        elif halve:
            x = conv(x, tensors, name, 2)
        else:
            x = conv(x.repeat(2, 1).repeat(2, 2), tensors, name)
    return x


def safetensors(tensors: Tensors, dtype: str = "F32") -> bytes:
    header, raw = {}, b""
    for name, values in tensors.items():
        data = values.tobytes()
        if dtype == "BF16":
            data = (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
        offsets = [len(raw), len(raw) + len(data)]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": offsets}
        raw += data
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + raw


@pytest.mark.train
@pytest.mark.parametrize("pooled", [False, True])
def test_a_picture_passes_through_as_written_out(pooled: bool, tmp_path: Path) -> None:
    encoder, decoder = networks(pooled=pooled)
    (tmp_path / "taesd_encoder.safetensors").write_bytes(safetensors(encoder))
    (tmp_path / "taesd_decoder.safetensors").write_bytes(safetensors(decoder))
    picture = np.random.default_rng(1).integers(0, 256, (32, 40, 3), np.uint8)
    made = open_autoencoder(tmp_path, "taesd")(picture, Corner())
    latent = layered(picture.transpose(2, 0, 1) / 255, encoder, halve=True)
    wanted = layered(3 * np.tanh(latent / 3), decoder, halve=False).clip(0, 1)
    assert wanted.std() > 0.01
    np.testing.assert_allclose(made, wanted.transpose(1, 2, 0) * 255, atol=0.5 + 1e-3)


class Corner(np.random.Generator):
    """Puts the latent grid into the picture's corner."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def integers(self, *_: object, **__: object) -> np.ndarray:  # type: ignore[override]
        return np.zeros(2, np.int64)


@pytest.mark.train
def test_any_size_comes_back_as_large_as_it_was(tmp_path: Path) -> None:
    for part, tensors in zip(("encoder", "decoder"), networks(pooled=False), strict=True):
        (tmp_path / f"taef1_{part}.safetensors").write_bytes(safetensors(tensors))
    picture = np.zeros((33, 50, 3), np.uint8)
    made = open_autoencoder(tmp_path, "taef1")(picture, np.random.default_rng(0))
    assert made.shape == picture.shape
    assert made.dtype == np.uint8


def test_bfloat16_is_the_upper_half_of_a_float(tmp_path: Path) -> None:
    values = {"a": np.array([[1.5, -2.0], [0.15625, 3e20]], np.float32)}
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors(values, "BF16"))
    np.testing.assert_allclose(read_tensors(path)["a"], values["a"], rtol=2**-7)


def test_missing_and_broken_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"has no taef2_encoder\.safetensors and no \.pth"):
        weights_files(tmp_path, "taef2")
    for name in ("a.safetensors", "a.pth"):
        (tmp_path / name).write_bytes(b"\x10\0\0\0\0\0\0\0 none of both ")
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            read_tensors(tmp_path / name)
