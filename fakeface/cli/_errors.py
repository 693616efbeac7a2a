"""What a command does when it cannot go on: one line on standard error and an exit code."""

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
from fakeface.cli._fault import fault
from fakeface.cli._stop import code_of, terminable

OK = 0
FAIL_ON = 1
USAGE = 2
UNREADABLE = 3
BROKEN_PIPE = 141

_P = ParamSpec("_P")


class UsageError(Exception):
    """The options contradict each other, or say too little."""


def say(text: str) -> None:
    """One line on standard error; lost where that cannot be written, which changes no result."""
    with contextlib.suppress(OSError):
        typer.echo(f"fakeface: {printable(text)}", err=True)


def exits(command: Callable[_P, int]) -> Callable[_P, None]:
    """Let a command return its exit code, and give one to every error.

    Args:
        command: Returns an exit code.

    Returns:
        The command as typer wants it.
    """

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
        except (FakefaceError, UsageError, OSError) as error:
            say(_one_line(error))
            code = USAGE
        except Exception as error:
            code = fault(error)
        raise typer.Exit(code)

    return wrapper


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{where}{error.strerror.lower()}"
    return " ".join(str(error).split())
