"""Nothing leaves the machine: ONNX Runtime's telemetry is off, whatever imports it first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLES

# CI hides telemetry: ONNX Runtime is silent there by itself
HIDING = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "ORT_DISABLE_TELEMETRY")
PORTRAIT = str(SAMPLES / "real" / "astronaut.png")
JUDGE = f"from fakeface import Detector; Detector().predict({PORTRAIT!r})"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in HIDING and not name.startswith("XDG_")
    }
    return {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", **more}


def written(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "program",
    [
        JUDGE,
        "import fakeface, onnxruntime",
        "import train, onnxruntime",
        "import export, onnxruntime",
        "import benchmarks.speed._latency",
        "import sys; sys.argv = ['fakeface', 'doctor']; from fakeface.cli import main; main()",
    ],
)
def test_nothing_is_written_below_home(program: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "onnxruntime" not in done.stderr
    assert [name for name in written(tmp_path) if "matplotlib" not in name] == []
    if "doctor" in program:
        assert "ORT_DISABLE_TELEMETRY" in done.stdout


def test_silent_where_home_cannot_be_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        env=environment(tmp_path / "nowhere"),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "nowhere").exists()


def test_the_choice_of_the_user_is_left_alone(tmp_path: Path) -> None:
    program = "import os, fakeface; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    for given, expected in (("0", "0"), ("", "1"), ("true", "true")):
        env = environment(tmp_path, ORT_DISABLE_TELEMETRY=given)
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True
        )
        assert done.stdout.strip() == expected


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace records what is looked up")
def test_no_host_is_looked_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    trace = ["strace", "-f", "-e", "trace=connect,openat", "-o", str(log)]
    done = subprocess.run(
        [*trace, sys.executable, "-c", f"{JUDGE}; import time; time.sleep(2)"],
        env=environment(tmp_path),
        capture_output=True,
    )
    if done.returncode and b"ptrace" in done.stderr:
        pytest.skip("this sandbox does not allow strace")
    assert done.returncode == 0, done.stderr
    lines = log.read_text(errors="replace").splitlines()
    asked = ("AF_INET", "/etc/resolv.conf", "/etc/hosts", "nsswitch", ".onnxruntime", "nscd")
    assert [line for line in lines if any(word in line for word in asked)] == []
