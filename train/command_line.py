"""What the command lines of `train`, `export` and `benchmarks` share.

Exit codes are those of `fakeface`: 0 done, 1 a check failed or a model was rejected, 2 wrong usage
or something is missing, 130 interrupted. An error that tells its remedy is one line on standard
error, and so is one of the file system; anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shlex
import sys
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from fakeface import FakefaceError
from train import KERAS_NOTE
from train.errors import TrainError
from train.progress import console, progress

__all__ = [
    "EXIT_REJECTED",
    "EXIT_USAGE",
    "CommandError",
    "CommandGroup",
    "RejectedError",
    "console",
    "invocation",
    "progress",
    "silence_tensorflow",
]

EXIT_REJECTED = 1
"""Exit code: a check failed, or a model was rejected."""

EXIT_USAGE = 2
"""Exit code: wrong usage, or a file, model or package is missing."""

_EXTRA_OF = {"skimage": "dev", "onnx": "train", "tf2onnx": "train", "tensorflow": "train"}
"""Extra that a module comes with, where it is not `CommandGroup.extra`."""

_FULL = "the disk is full{}: free some space and repeat the command, which keeps what is finished"
_WORDS_OF_FULL = re.compile(
    "no space left on device|disk quota exceeded|not enough space on the disk"
    r"|\d+ requested and \d+ written"  # NumPy
    "|errno = (28|122)",  # HDF5
    re.IGNORECASE,
)


def silence_tensorflow() -> None:
    """Silence TensorFlow and tf2onnx; call it before they are imported. Errors still raise.

    What TensorFlow logs while its libraries load ignores the variable: two lines remain.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("absl", "tensorflow", "tf2onnx"):
        logging.getLogger(name).setLevel(logging.ERROR)


class CommandError(Exception):
    """Base class of errors that a command reports in one line; the message tells the remedy."""


class RejectedError(CommandError):
    """A check failed or a model was rejected: exit code 1."""


class CommandGroup(TyperGroup):
    """Commands whose expected errors are one line and an exit code.

    Attributes:
        errors: Errors that are reported in one line, with exit code 2.
        extra: The extra that modules which cannot be imported come with.
    """

    errors: ClassVar[tuple[type[Exception], ...]] = (CommandError, FakefaceError, TrainError)
    extra: ClassVar[str] = "train"

    def invoke(self, ctx: Any) -> Any:
        """Run a command; raise `typer.Exit` in place of an expected error."""
        silence_tensorflow()
        if KERAS_NOTE:
            console.print(f"note: {KERAS_NOTE}", markup=False, soft_wrap=True)
        try:
            return super().invoke(ctx)
        except RejectedError as error:
            raise _exit(error, EXIT_REJECTED) from error
        except self.errors as error:
            raise _exit(error, EXIT_USAGE) from error
        except ModuleNotFoundError as error:
            module = (error.name or "").partition(".")[0]
            if module in ("", "fakeface", "train", "export", "benchmarks"):
                raise
            extra = _EXTRA_OF.get(module, self.extra)
            remedy = f"it comes with the extra `{extra}`: pip install -e '.[{extra}]'"
            raise _exit(f"{module} is not installed; {remedy}", EXIT_USAGE) from error
        except Exception as error:
            if disk_is_full(error):
                raise _exit(_FULL.format(_file_of(error)), EXIT_USAGE) from error
            if isinstance(error, OSError) and error.filename and error.strerror:
                raise _exit(f"{error.filename}: {error.strerror}", EXIT_USAGE) from error
            raise


def disk_is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one that it comes from, is that of a full disk or quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if _WORDS_OF_FULL.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _file_of(error: Exception) -> str:
    name = getattr(error, "filename", None)
    return f" ({name})" if name else ""


def _exit(error: object, code: int) -> typer.Exit:
    console.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(code)


def invocation(package: str) -> str:
    """Return the command that runs now, for provenance: `python -m PACKAGE ARGUMENTS`.

    Args:
        package: `train`, `export` or `benchmarks`.
    """
    return shlex.join(["python", "-m", package, *sys.argv[1:]])
