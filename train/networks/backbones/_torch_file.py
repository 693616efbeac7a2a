"""Reads tensors from a PyTorch weights file without PyTorch.

Two formats. That of `torch.save` before 1.6: pickles one after the other (magic number, protocol,
system, the state dictionary, the storages' keys), then for every storage its length and its raw
numbers. And the one since: a zip archive with the pickled state dictionary in `data.pkl` and the
numbers of each storage in `data/<key>`. Pickles can run code, so that nothing is unpickled here
but what a state dictionary is made of.
"""

from __future__ import annotations

import collections
import pickle
import sys
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


class _Storage:
    """The numbers of one or several tensors, filled in after the pickles are read."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.data: npt.NDArray[Any] = np.empty(0, self.dtype)


class _Tensor:
    """A tensor as `torch._utils._rebuild_tensor_v2` takes it; strides are in elements."""

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> npt.NDArray[Any]:
        data = self.storage.data
        last = self.offset + sum(
            (n - 1) * step for n, step in zip(self.shape, self.strides, strict=True)
        )
        if self.offset < 0 or last >= len(data) or min(self.strides, default=1) < 0:
            raise ValueError("a tensor reaches beyond its storage")
        size = data.itemsize
        view = np.lib.stride_tricks.as_strided(
            data[self.offset :], self.shape, [step * size for step in self.strides]
        )
        return np.array(view)


class _Unpickler(pickle.Unpickler):
    """Unpickles dictionaries, tensors and storages, and nothing else."""

    def __init__(self, file: IO[bytes], storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"holds {module}.{name}, which weights are not made of")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, *_ = pid
        if kind != "storage" or dtype not in _DTYPES:
            raise pickle.UnpicklingError(f"holds a {kind} of {dtype}")
        return self._storages.setdefault(key, _Storage(_DTYPES[dtype]))


def read_torch_file(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a state dictionary.

    Args:
        path: A file that `torch.save` wrote, of any version of PyTorch.

    Returns:
        Arrays by name.

    Raises:
        ValueError: It is another kind of file.
        pickle.UnpicklingError: It holds more than tensors.
    """
    state = _read_zip(path) if zipfile.is_zipfile(path) else _read_pickles(path)
    if not isinstance(state, dict) or not all(isinstance(t, _Tensor) for t in state.values()):
        raise ValueError("holds no dictionary of tensors")
    return {name: tensor.array() for name, tensor in state.items()}


def _read_zip(path: Path) -> Any:
    storages: dict[str, _Storage] = {}
    with zipfile.ZipFile(path) as archive:
        pickled = next((n for n in archive.namelist() if n.endswith("/data.pkl")), None)
        if pickled is None:
            raise ValueError("is not a PyTorch file")
        root = pickled.removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist():
            order = archive.read(f"{root}byteorder").decode("ascii", "replace").strip()
            if order != "little":
                raise ValueError(f"holds numbers in byte order {order!r}; only little is read")
        with archive.open(pickled) as file:
            state = _Unpickler(file, storages).load()
        for key, storage in storages.items():
            raw = archive.read(f"{root}data/{key}")
            if len(raw) % storage.dtype.itemsize:
                raise ValueError("is truncated")
            storage.data = np.frombuffer(raw, storage.dtype)
    return state


def _read_pickles(path: Path) -> Any:
    storages: dict[str, _Storage] = {}
    with path.open("rb") as file:

        def unpickle() -> Any:
            return _Unpickler(file, storages).load()

        if unpickle() != _MAGIC:
            raise ValueError("is not a PyTorch file")
        unpickle(), unpickle()  # protocol version and system; numbers are little-endian today
        state = unpickle()
        for key in unpickle():
            storage = storages[key]
            length = int.from_bytes(file.read(8), sys.byteorder)
            storage.data = np.fromfile(file, storage.dtype, length)
            if len(storage.data) != length:
                raise ValueError("is truncated")
    return state
