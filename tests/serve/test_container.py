"""The files for containers: checked without Docker, and built where it is there."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests._process import MAIN
from tests.conftest import ROOT


def docker_runs() -> bool:
    """Whether there is a client, and a daemon that answers it."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode == 0


# What is written while it runs, other than to devices: a container's file system is read-only.
WATCHED = """
import os, sys
def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = mode and set(mode) & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        if writes and not str(path).startswith("/dev/"):
            print("WRITES", path, file=sys.stderr, flush=True)
    elif event in ("os.mkdir", "os.rename", "os.remove", "tempfile.mkstemp"):
        print("WRITES", event, arguments, file=sys.stderr, flush=True)
sys.addaudithook(watch)
sys.dont_write_bytecode = True
"""


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with their arguments, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1].strip()) for line in lines]


def last(name: str) -> str:
    return [value for key, value in instructions() if key == name][-1]


@pytest.fixture
def running() -> Iterator[tuple[str, str, Any]]:
    """The container's own command, on a free port; gives address, token and process."""
    token = secrets.token_hex(16)
    assert json.loads(last("ENTRYPOINT")) == ["fakeface"]
    words = [*json.loads(last("CMD")), "--port", "0"]
    command = [sys.executable, "-c", f"{WATCHED}\n{MAIN[2]}", *words]
    environment = {"PATH": os.environ["PATH"], "FAKEFACE_TOKEN": token, "HOME": "/nonexistent"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"serves at (http://[^/]+)/;", line):
                break
        else:
            pytest.fail("".join(said))
        assert not [line for line in said if "WRITES" in line]
        try:
            yield found[1], token, process
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="the container is Linux")
def test_its_command_serves_writes_nothing_and_ends(
    running: tuple[str, str, Any], samples: Path
) -> None:
    url, token, process = running
    data = (samples / "real" / "obama.jpg").read_bytes()
    assert httpx.post(f"{url}/v1/predict", content=data).status_code == 401
    allowed = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{url}/v1/predict", content=data, headers=allowed)
    assert answer.json()[0]["verdict"] == "real"
    large = {"files": data + bytes(5_000_000)}  # others would put it into a temporary file
    answer = httpx.post(f"{url}/v1/predict", files=large, headers=allowed, timeout=60)
    assert answer.json()[0]["verdict"] == "real"
    process.terminate()
    assert process.wait(30) == 0
    assert process.stderr is not None
    assert "WRITES" not in process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="the container is Linux")
def test_its_health_check_passes_and_fails(running: tuple[str, str, Any]) -> None:
    url, _, process = running
    words = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert "127.0.0.1:8300/healthz" in words[-1]
    check = [sys.executable, *words[1:-1], words[-1].replace("8300", url.rpartition(":")[2])]
    assert subprocess.run(check).returncode == 0
    process.terminate()
    process.wait(30)
    assert subprocess.run(check, stderr=subprocess.DEVNULL).returncode == 1


@pytest.mark.slow
def test_the_image_builds_and_serves_read_only(samples: Path) -> None:
    if not docker_runs():
        pytest.skip("no docker daemon answers here")
    name, token = f"fakeface-test-{secrets.token_hex(4)}", secrets.token_hex(16)
    subprocess.run(["docker", "build", "-t", name, str(ROOT)], check=True, timeout=900)
    locked = ["--read-only", "--cap-drop", "ALL", "--rm", "--detach"]
    given = ["--name", name, "--env", f"FAKEFACE_TOKEN={token}", "--publish", "127.0.0.1::8300"]
    try:
        subprocess.run(["docker", "run", *locked, *given, name], check=True, timeout=60)
        port = subprocess.run(
            ["docker", "port", name, "8300"], check=True, capture_output=True, text=True
        ).stdout.split(":")[-1]
        url = f"http://127.0.0.1:{port.strip()}"
        for _ in range(60):
            try:
                httpx.get(f"{url}/healthz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(1)
        answer = httpx.post(
            f"{url}/v1/predict",
            content=(samples / "real" / "obama.jpg").read_bytes(),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.json()[0]["verdict"] == "real"
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False)
        subprocess.run(["docker", "rmi", "--force", name], check=False)
