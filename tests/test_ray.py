"""The scan on Ray against the plain one, on a cluster of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakeface import Detector, Prediction
from tests._models import make_classifier
from tests.conftest import ROOT
from tests.hostile._broken import extreme, flipped, lying, odd

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "red")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """Samples, broken and strange pictures, and a text that is none."""
    root = tmp_path_factory.mktemp("folder")
    (root / "samples").symlink_to(samples)
    pictures = [*lying(), *odd(), *((f"f{name}", data) for name, data in flipped(count=4))]
    for name, data in pictures + [p for p in extreme() if "megapixels" not in p[0]]:
        (root / name).write_bytes(data)
    (root / "notes.txt").write_text("no picture")
    return root


def run(code: str, *words: str | Path) -> str:
    """Run Python in a process of its own, in which Ray starts and ends."""
    pytest.importorskip("ray.data")
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, words)],
        env={**os.environ, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode in (0, 3), done.stderr
    return done.stdout


SCAN = """
import json, sys
import ray
from fakeface.ray import scan_dataset
ray.init(num_cpus=2, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
rows = scan_dataset(sys.argv[1], model=sys.argv[2], threshold=0.8, min_face=32)
print(json.dumps(rows.take_all()))
"""


def plain(folder: Path, red: Path, **options: Any) -> list[dict[str, Any]]:
    found = Detector(red, **options).scan(folder, follow_symlinks=True)
    return sorted((p.as_dict() for p in found), key=lambda r: str(r["source"]))


def test_every_row_is_that_of_the_plain_scan(folder: Path, red: Path) -> None:
    rows = sorted(json.loads(run(SCAN, folder, red)), key=lambda r: str(r["source"]))
    expected = plain(folder, red, threshold=0.8, min_face=32)
    assert len(rows) > 80
    assert rows == expected
    assert all(Prediction.from_dict(row).as_dict() == row for row in rows)


def test_the_command_line_gives_the_same_file(folder: Path, red: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    run(
        "from fakeface.cli import main; main()",
        "scan", folder, "--engine", "ray", "--model", red, "-o", report,
    )  # fmt: skip
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    assert rows == plain(folder, red)
