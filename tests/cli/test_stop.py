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

from fakeface.cli._stop import Stopped, terminable
from tests._process import LISTENING, MAIN, wait_until_filled
from tests.hostile._seed import seed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")


@contextlib.contextmanager
def under_way(folder: Path, red: str, *more: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A scan that waits for more names after it has judged forty pictures."""
    folder.mkdir()
    report = folder.parent / more[1]
    for number in range(40):
        (folder / f"{number:02}.jpg").write_bytes(seed("JPEG"))
    command = [*LISTENING, "scan", "--model", red, "--whole", "--files-from", "-"]
    command += map(str, more)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder.parent
    ) as process:
        assert process.stdin is not None
        process.stdin.writelines(f"{path}\n" for path in sorted(folder.iterdir()))
        process.stdin.flush()
        wait_until_filled(report)
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_scan_sums_up_and_goes_on(
    red: str, tmp_path: Path, number: signal.Signals
) -> None:
    report = tmp_path / "r.jsonl"
    (tmp_path / "-odd.jpg").write_bytes(seed("JPEG"))
    with under_way(tmp_path / "in", red, "-o", report, "--", "-odd.jpg") as process:
        process.send_signal(number)
        process.wait(60)  # its standard input is still open
        assert process.stderr is not None
        *lines, hint = process.stderr.read().splitlines()
    assert process.returncode == 128 + number
    done = [json.loads(line) for line in report.read_text().splitlines()]
    assert 0 < len(done) <= 41
    # the signal may come between writing a line and counting it
    summary = [line for line in lines if line.split()[1:2] and line.split()[1].isdigit()][-1]
    assert int(summary.split()[1]) in (len(done) - 1, len(done))
    again = shlex.split(hint.removeprefix("fakeface: interrupted; to resume: "))
    assert again[:4] == ["fakeface", "scan", "--resume", str(report)]
    assert again[-2:] == ["--", "-odd.jpg"]
    names = "".join(f"{path}\n" for path in sorted((tmp_path / "in").iterdir()))
    command = [*MAIN, *again[1:]]
    subprocess.run(command, input=names, text=True, check=True, timeout=60, cwd=tmp_path)
    assert len(report.read_text().splitlines()) == 41


def test_a_killed_scan_goes_on_and_ends_like_one_that_was_not(red: str, tmp_path: Path) -> None:
    report, whole = tmp_path / "r.jsonl", tmp_path / "whole.jsonl"
    with under_way(tmp_path / "in", red, "--resume", report) as process:
        process.kill()
    assert process.returncode == -signal.SIGKILL
    before = report.read_bytes()
    (tmp_path / "in" / "40.jpg").write_bytes(seed("JPEG"))  # something is left, however late it was
    command = [*MAIN, "scan", "--model", red, "--whole", str(tmp_path / "in")]
    subprocess.run([*command, "--resume", str(report)], check=True, timeout=60)
    assert report.read_bytes().startswith(before[: before.rindex(b"\n")])
    subprocess.run([*command, "-o", str(whole)], check=True, timeout=60)
    assert report.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("form", ["json", "html"])
def test_reports_for_people_are_whole_however_often_it_is_told(
    red: str, tmp_path: Path, form: str
) -> None:
    report = tmp_path / f"r.{form}"
    with under_way(tmp_path / "in", red, "-o", report) as process:
        while process.poll() is None:
            process.terminate()
            time.sleep(0.001)
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


@pytest.mark.usefixtures("sigterm")
def test_what_ignores_the_signal_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


@pytest.mark.usefixtures("sigterm")
def test_what_ends_is_not_killed_by_another_signal() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with terminable():
        pass
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with pytest.raises(Stopped), terminable():
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
