"""Keras with TensorFlow and its own defaults, whatever the machine is set to.

`KERAS_BACKEND`, other variables of that kind and `~/.keras/keras.json` choose another backend,
another order of channels or half precision for every program of a user, and may end a training
early. None of them is meant for this code, which needs TensorFlow.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

BACKEND = "tensorflow"

_NOWHERE = str(Path(os.devnull) / "keras")
"""A `KERAS_HOME` that does not exist and cannot be made: no `keras.json` is read or written."""

_WANTED = {"backend": BACKEND, "floatx": "float32", "image_data_format": "channels_last"}


def isolate_keras() -> tuple[Path, str]:
    """Take Keras's settings away from the environment; call it before Keras is imported.

    Returns:
        Keras's own folder, where downloaded weights are; and a sentence on a backend that was asked
        for in vain, or an empty string.

    Raises:
        ImportError: Keras is in use already with other settings.
    """
    if "keras" in sys.modules:
        config = sys.modules["keras"].config
        for name, wanted in _WANTED.items():
            if (value := getattr(config, name)()) != wanted:
                raise ImportError(
                    f"Keras is in use with {name} {value!r}, and training needs {wanted!r}: import"
                    " `train` before `keras`"
                )
    names = [name for name in os.environ if name.startswith("KERAS_")]
    settings = {name: os.environ.pop(name) for name in names}
    os.environ |= {"KERAS_BACKEND": BACKEND, "KERAS_HOME": _NOWHERE}
    home = settings.get("KERAS_HOME", _NOWHERE)
    backend = settings.get("KERAS_BACKEND") or BACKEND
    note = "" if backend == BACKEND else f"KERAS_BACKEND={backend} is ignored: TensorFlow is needed"
    return Path("~/.keras" if home == _NOWHERE else home).expanduser(), note
