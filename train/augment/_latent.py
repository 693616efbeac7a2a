"""Autoencoders of image generators' latent spaces, run on ONNX Runtime.

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

from fakeface.inference import default_threads
from train.errors import WeightsError
from train.networks.backbones._torch_file import read_torch_file

if TYPE_CHECKING:
    from onnx import ModelProto

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


def build_graph(encoder: Tensors, decoder: Tensors) -> ModelProto:
    """Build the graph of encoder and decoder, one after the other.

    Args:
        encoder: Tensors by name, as `read_tensors` gives them.
        decoder: Likewise.

    Returns:
        From `image` to `reconstruction`, both RGB of 0 to 1, float32, [n, 3, h, w], with sides
        that are multiples of `STRIDE`.
    """
    from onnx import TensorProto, helper

    graph = _Graph()
    latent = graph.network(encoder, "image", halve=True)
    bounded = graph.add("Tanh", graph.add("Mul", latent, graph.number(1 / 3)))
    decoded = graph.network(decoder, graph.add("Mul", bounded, graph.number(3.0)), halve=False)
    graph.nodes.append(helper.make_node("Clip", [decoded, *graph.limits()], ["reconstruction"]))
    shape: list[str | int | None] = ["n", 3, "h", "w"]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name in ("image", "reconstruction")
    ]
    made = helper.make_graph(graph.nodes, "autoencoder", ends[:1], ends[1:], graph.constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


class _Graph:
    """Nodes and constants of a graph that is being built."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def limits(self) -> tuple[str, str]:
        return self.number(0.0), self.number(1.0)

    def conv(self, tensors: Tensors, name: str, x: str, stride: int = 1) -> str:
        kernel = tensors[f"{name}.weight"]
        inputs = [x, self.constant(kernel)]
        if f"{name}.bias" in tensors:
            inputs.append(self.constant(tensors[f"{name}.bias"]))
        edge = kernel.shape[-1] // 2
        return self.add("Conv", *inputs, strides=[stride] * 2, pads=[edge] * 4)

    def network(self, tensors: Tensors, x: str, *, halve: bool) -> str:
        """Lay the numbered layers of an encoder (`halve`) or a decoder over `x`."""
        numbers = sorted({int(name.partition(".")[0]) for name in tensors})
        for number in numbers:
            name = str(number)
            if f"{name}.conv.0.weight" in tensors:
                x = self.block(tensors, name, x)
            elif f"{name}.bias" in tensors:
                x = self.conv(tensors, name, x)
                if not halve and number == numbers[0]:
                    x = self.add("Relu", x)
            elif halve:
                x = self.conv(tensors, name, x, stride=2)
            else:
                scales = self.constant(np.array([1, 1, 2, 2], np.float32))
                x = self.add("Resize", x, "", scales, mode="nearest", nearest_mode="floor",
                             coordinate_transformation_mode="asymmetric")  # fmt: skip
                x = self.conv(tensors, name, x)
        return x

    def block(self, tensors: Tensors, name: str, x: str) -> str:
        """Three convolutions with a skip."""
        if f"{name}.pool.0.weight" in tensors:
            x = self.add("Add", x, self.pooled(tensors, f"{name}.pool", x))
        y = x
        for number in (0, 2, 4):
            y = self.conv(tensors, f"{name}.conv.{number}", y)
            y = self.add("Relu", y) if number < 4 else y
        skip = self.conv(tensors, f"{name}.skip", x) if f"{name}.skip.weight" in tensors else x
        return self.add("Relu", self.add("Add", y, skip))

    def pooled(self, tensors: Tensors, name: str, x: str) -> str:
        """A 1x1 convolution, a group norm over the whole picture, ReLU, a 1x1 convolution."""
        x = self.conv(tensors, f"{name}.0", x)
        channels = len(tensors[f"{name}.1.weight"])
        grouped = self.add("Reshape", x, self.constant(np.array([0, _GROUPS, -1], np.int64)))
        ones, zeros = (self.constant(np.full(_GROUPS, n, np.float32)) for n in (1, 0))
        normalised = self.add("InstanceNormalization", grouped, ones, zeros, epsilon=_EPSILON)
        x = self.add("Reshape", normalised, self.add("Shape", x))
        for kind, part in (("Mul", "weight"), ("Add", "bias")):
            values = tensors[f"{name}.1.{part}"].reshape(1, channels, 1, 1)
            x = self.add(kind, x, self.constant(values))
        return self.conv(tensors, f"{name}.3", self.add("Relu", x))


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
    import onnxruntime as ort

    tensors = [read_tensors(path) for path in weights_files(folder, name)]
    options = ort.SessionOptions()
    options.intra_op_num_threads = default_threads()
    graph = build_graph(*tensors).SerializeToString()
    session = ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def reconstruct(picture: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = picture.shape[:2]
        top, left = (int(n) for n in rng.integers(0, STRIDE, 2))
        pad = ((top, -(top + height) % STRIDE), (left, -(left + width) % STRIDE), (0, 0))
        padded = np.pad(picture, pad, "reflect").astype(np.float32) / 255
        (made,) = session.run(None, {"image": padded.transpose(2, 0, 1)[np.newaxis]})
        made = made[0].transpose(1, 2, 0)[top : top + height, left : left + width]
        return np.asarray((made * 255).round(), np.uint8)

    return reconstruct
