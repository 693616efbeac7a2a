"""Keeps TensorFlow's start-up messages off standard error.

`TF_CPP_MIN_LOG_LEVEL` silences most of them. What TensorFlow 2.21 logs while its libraries load
(oneDNN, CUDA) ignores it, so standard error itself is closed to it until the import is done.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LOGGERS = ("absl", "tensorflow", "tf2onnx")


def silence_tensorflow() -> None:
    """Silence TensorFlow and tf2onnx; call it before they are imported. Errors still raise."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    if "tensorflow" not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the module `tensorflow` alone, and gives it a loader that is silent."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Silent(spec.loader)
        return spec


class _Silent(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:  # others look for the loader that reads the file
            module.__spec__.loader = module.__loader__ = self._loader
        with _no_standard_error():
            self._loader.exec_module(module)


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Send file descriptor 2, which libraries write to, nowhere."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: nobody reads it
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
