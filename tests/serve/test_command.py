"""`fakeface serve` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests._process import LISTENING, MAIN
from tests.serve._server import CLIENT, connected, read_all


@contextlib.contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process; gives the process and its address."""
    command = [*LISTENING, "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"serves at (http://\S+)/;", process.stderr.readline())
            assert found
            yield process, found[1]
        finally:
            process.kill()


def test_it_says_where_it_serves_and_answers(red: str, samples: Path) -> None:
    picture = sorted(samples.rglob("*.jpg"))[0]
    with served("--model", red) as (_, url):
        answer = CLIENT.post(
            f"{url}/v1/predict", files={"files": (str(picture), picture.read_bytes())}
        )
    printed = subprocess.run(
        [*MAIN, "predict", "--model", red, "--format", "json", str(picture)],
        capture_output=True,
        text=True,
    ).stdout
    assert answer.text == printed


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_end(red: str, samples: Path, number: signal.Signals) -> None:
    data = sorted(samples.rglob("*.jpg"))[0].read_bytes()
    head = (
        "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    ).encode()
    with served("--model", red) as (process, url), connected(url) as opened:
        opened.sendall(head)
        assert opened.recv(100).startswith(b"HTTP/1.1 100 ")  # the request has begun
        opened.sendall(data[:-100])
        process.send_signal(number)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                connected(url, 1).__enter__().close()
            except OSError:
                break
            time.sleep(0.1)
        else:
            pytest.fail("it still takes connections")
        opened.sendall(data[-100:])
        answer = read_all(opened)
        assert process.wait(30) == 0
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"verdict": ' in answer


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--host", "0.0.0.0"], "needs a token"),
        (["--host", "192.0.2.1", "--token", "x" * 20], "cannot listen on 192.0.2.1"),
    ],
)
def test_what_cannot_be_served_is_said(red: str, options: list[str], reason: str) -> None:
    done = subprocess.run(
        [*MAIN, "serve", "--model", red, *options], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said(red: str) -> None:
    with served("--model", red) as (_, url):
        port = url.rpartition(":")[2]
        done = subprocess.run(
            [*MAIN, "serve", "--model", red, "--port", port], capture_output=True, text=True
        )
    assert done.returncode == 2
    assert f"port {port}: address already in use; --port 0 takes a free one" in done.stderr
