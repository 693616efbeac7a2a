"""Errors of commands: one line on standard error and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from fakeface._errors import FakefaceError
from fakeface._text import printable
from fakeface.cli import fault
from fakeface.cli._stop import code_of, received, terminable

OK = 0
FAIL_ON = 1
USAGE = 2
UNREADABLE = 3
BROKEN_PIPE = 141

_P = ParamSpec("_P")


class UsageError(FakefaceError):
    """The options exclude each other, or one is missing."""


def say(text: str) -> None:
    """Print one line on standard error; ignore it if that cannot be written."""
    with contextlib.suppress(OSError):
        typer.echo(f"fakeface: {printable(text)}", err=True)


def number_of_pictures(number: int, kind: str = "") -> str:
    """Return a number of pictures in words, such as `1,234 new pictures`."""
    return f"{number:,} {kind}picture{'' if number == 1 else 's'}"


def exits(command: Callable[_P, int]) -> Callable[_P, None]:
    """Let a command return its exit code, and convert every error to one."""

    @wraps(command)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            with terminable():
                code = command(*args, **kwargs)
        except BrokenPipeError:
            # Python flushes standard output at exit, and would complain once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = BROKEN_PIPE
        except KeyboardInterrupt as stop:
            say("interrupted")
            code = code_of(stop)
        except Exception as error:
            code = _code_for(error)
        raise typer.Exit(code)

    return wrapper


def _code_for(error: Exception) -> int:
    """Say what ended a command, and give its exit code."""
    if (stop := received()) is not None:  # what a library made of the signal
        say("interrupted")
        return code_of(stop)
    if isinstance(error, MemoryError):
        say("not enough memory; free some, or lower --workers, --threads and --batch-size")
        return USAGE
    if isinstance(error, (FakefaceError, OSError)):
        say(one_line(error))
        return USAGE
    return fault(error)


def one_line(error: Exception) -> str:
    """Return what an error says, without a line break."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{where}{error.strerror.lower()}"
    return " ".join(str(error).split())
