import errno
import sys
from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

from fakeface import ModelError
from train.command_line import (
    EXIT_REJECTED,
    EXIT_USAGE,
    CommandError,
    CommandGroup,
    RejectedError,
    disk_is_full,
    invocation,
    progress,
)
from train.errors import DataError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RejectedError("too far off"), EXIT_REJECTED),
        (CommandError("no such thing"), EXIT_USAGE),
        (DataError("no pictures"), EXIT_USAGE),
        (ModelError("edge", "no model"), EXIT_USAGE),
        (ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow.keras"), EXIT_USAGE),
        (PermissionError(13, "Permission denied", "runs"), EXIT_USAGE),
        (OSError(errno.ENOSPC, "No space left on device", "runs/model.keras"), EXIT_USAGE),
        (OSError("1048576 requested and 4096 written"), EXIT_USAGE),
        (RuntimeError("UNKNOWN: runs/ckpt: No space left on device"), EXIT_USAGE),
        (KeyboardInterrupt(), 130),
    ],
)
def test_expected_errors_are_one_line_and_an_exit_code(error, code):
    app = typer.Typer(cls=CommandGroup)

    @app.command()
    def fail() -> None:
        raise error

    @app.command()
    def other() -> None: ...

    done = CliRunner().invoke(app, ["fail"])
    assert done.exit_code == code
    if code != 130:
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: ")
    if isinstance(error, ModuleNotFoundError):
        assert "pip install -e '.[train]'" in line
    if disk_is_full(error):
        assert "the disk is full" in line
        assert "repeat the command" in line


def test_a_full_disk_is_recognised_behind_other_errors():
    wrapped = ValueError("cannot be written")
    wrapped.__cause__ = OSError(errno.EDQUOT, "Disk quota exceeded")
    assert disk_is_full(wrapped)
    assert not disk_is_full(ValueError("cannot be written"))
    assert not disk_is_full(OSError(errno.EACCES, "Permission denied"))


def test_bugs_keep_their_traceback():
    app = typer.Typer(cls=CommandGroup)

    @app.command()
    def fail() -> None:
        raise KeyError("x")

    @app.command()
    def other() -> None: ...

    assert isinstance(CliRunner().invoke(app, ["fail"]).exception, KeyError)


def test_the_command_is_written_as_it_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["…", "fit", "--data", "my faces"])
    assert invocation("train") == "python -m train fit --data 'my faces'"


def test_off_a_terminal_progress_is_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(import_module("train.progress"), "LINE_EVERY", 0.01)
    seen = []
    for item in progress(range(3), "counting", 3):
        seen.append(item)
        while f"counting: {item} of 3" not in capsys.readouterr().err:
            pass
    assert seen == [0, 1, 2]
