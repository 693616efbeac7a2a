"""Signals that end a command, sent to a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakeface.cli._stop import Terminated, terminable
from tests._models import make_classifier
from tests._process import LISTENING, MAIN
from tests.hostile._seed import seed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_classifier(tmp_path_factory.mktemp("models") / "red"))


@contextlib.contextmanager
def under_way(folder: Path, red: str, report: Path) -> Iterator[subprocess.Popen[str]]:
    """A scan that waits for more names after it has judged forty pictures."""
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.jpg").write_bytes(seed("JPEG"))
    command = [*MAIN, "scan", "--model", red, "--whole", "--files-from", "-", "-o", str(report)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.writelines(f"{path}\n" for path in sorted(folder.iterdir()))
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not (report.exists() and report.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield process


def test_a_terminated_scan_sums_up_and_goes_on(red: str, tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    with under_way(tmp_path / "in", red, report) as process:
        process.terminate()
        assert process.stderr is not None
        *_, summary, hint = process.stderr.read().splitlines()
    assert process.returncode == 128 + signal.SIGTERM
    done = [json.loads(line) for line in report.read_text().splitlines()]
    assert 0 < len(done) <= 40
    # the signal may come between writing a line and counting it
    assert int(summary.split()[1]) in (len(done) - 1, len(done))
    again = shlex.split(hint.removeprefix("fakeface: interrupted; to resume: "))
    assert again[0] == "fakeface"
    names = "".join(f"{path}\n" for path in sorted((tmp_path / "in").iterdir()))
    subprocess.run([*MAIN, *again[1:]], input=names, text=True, check=True, timeout=60)
    assert len(report.read_text().splitlines()) == 40


@pytest.mark.parametrize("form", ["json", "html"])
def test_reports_for_people_are_whole_however_often_it_is_told(
    red: str, tmp_path: Path, form: str
) -> None:
    report = tmp_path / f"r.{form}"
    with under_way(tmp_path / "in", red, report) as process:
        for _ in range(5):
            process.terminate()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == "fakeface: interrupted"
    text = report.read_text()
    assert json.loads(text) if form == "json" else text.rstrip().endswith("</html>")


def test_before_the_first_picture_it_is_one_line(red: str, tmp_path: Path) -> None:
    command = [*MAIN, "scan", "--model", red, "--files-from", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        caught = 1 << (signal.SIGTERM - 1)
        status = Path(f"/proc/{process.pid}/status")
        if not status.exists():
            process.kill()
            pytest.skip("needs /proc to see when the signal is caught")
        for _ in range(600):
            mask = next(x for x in status.read_text().splitlines() if x.startswith("SigCgt"))
            if int(mask.split()[1], 16) & caught:
                break
            time.sleep(0.02)
        process.terminate()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert err.splitlines()[-1] == "fakeface: interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("explain", [False, True])
def test_a_picture_on_standard_input_need_not_end(
    red: str, tmp_path: Path, number: signal.Signals, explain: bool
) -> None:
    command = [*LISTENING, "predict", "-", "--model", red, "--whole"]
    command += ["--explain", str(tmp_path / "why.png")] if explain else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(bytes(1 << 20))  # more than a pipe holds: it has begun to read
        process.stdin.flush()
        process.send_signal(number)
        try:
            process.wait(60)  # its standard input is still open
        finally:
            process.kill()
        err = process.stderr.read().decode()
    assert process.returncode == 128 + number
    assert err == "fakeface: interrupted\n"


def test_what_ignores_the_signal_goes_on_ignoring_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with terminable():
            signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with pytest.raises(Terminated), terminable():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
