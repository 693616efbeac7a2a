"""The command line in surroundings that are not its fault: encodings, signals, little memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fakeface.cli import _stop
from fakeface.cli._errors import exits
from tests._process import LISTENING, MAIN
from tests.hostile._seed import seed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("a.jpg", "früh – “x” 日本.jpg"):
        (folder / name).write_bytes(seed("JPEG"))
    (folder / "broken ✗.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932"])
def test_any_encoding_of_the_terminal(encoding: str, folder: Path, red: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for words, code in (
        (["scan", str(folder), "--model", red], 3),
        (["scan", "--help"], 0),
        (["--help"], 0),
        (["info"], 0),
    ):
        done = subprocess.run([*MAIN, *words], env=env, capture_output=True)
        assert done.returncode == code, done.stderr
        done.stdout.decode(encoding)
        assert b"internal error" not in done.stderr
        if encoding == "ascii" and words[0] == "scan" and code == 3:
            assert rb"fr\xfch" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_libraries_are_imported(number: int, folder: Path) -> None:
    """At five moments of the start: exit code and one line, never a fault."""
    for strike in range(0, 10, 2):
        process = subprocess.Popen(
            [*LISTENING, "scan", *[str(folder)] * 50],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(0.15 + strike * 0.12)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode in (128 + number, -number, 3), (strike, err)
        assert "internal error" not in err
        if process.returncode == -number:  # struck before the command began, or after it ended
            assert not err or err.endswith("KeyboardInterrupt\n") or " a second): " in err


def test_nohup_stays(folder: Path, red: str) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
    program = f"{ignoring} from fakeface.cli import main; main()"
    words = ["scan", *[str(folder)] * 20, "--model", red]
    process = subprocess.Popen([sys.executable, "-c", program, *words], stdout=subprocess.DEVNULL)
    time.sleep(1)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 3  # to its end: one is broken


@pytest.mark.usefixtures("sigterm")
def test_what_a_library_makes_of_a_signal_is_still_the_signal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @exits
    def command() -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as stop:
            raise ImportError("numpy failed to import") from stop
        return 0

    with pytest.raises(Exception) as caught:  # typer's
        command()
    assert caught.value.exit_code == 143  # type: ignore[attr-defined]
    assert capsys.readouterr().err == "fakeface: interrupted\n"


@pytest.mark.usefixtures("sigterm")
def test_signals_wait_for_the_end_of_an_import() -> None:
    steps = []
    with pytest.raises(_stop.Stopped), _stop.terminable():
        with _stop.deferred():
            signal.raise_signal(signal.SIGTERM)
            steps.append("imported")
        steps.append("never")
    assert steps == ["imported"]
