"""The scan on Ray against the plain one, on a cluster of this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakeface import Detector
from fakeface.reports._record import prediction_of, record_of
from tests._models import make_classifier
from tests._process import wait_until_filled
from tests.conftest import ROOT
from tests.hostile._broken import extreme, flipped, lying, odd
from tests.hostile._folder import make_names, make_specials
from tests.hostile._seed import seed

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "red")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Broken and strange pictures, hidden ones, one without a suffix, and texts that are none."""
    root = tmp_path_factory.mktemp("pictures")
    found = [*lying(), *odd(), *((f"f{name}", data) for name, data in flipped(count=4))]
    for name, data in found + [p for p in extreme() if "megapixels" not in p[0]]:
        (root / name).write_bytes(data)
    for name in (".hidden.jpg", "_under.jpg", "no suffix", "sub/deep/a.jpg", "sub/.b/c.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(seed("PNG"))
    (root / "notes.txt").write_text("no picture")
    (root / "text.jpg").write_text("no picture either")
    (root / "packed.jpg.gz").write_bytes(b"\x1f\x8b no picture")
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pictures: Path, samples: Path) -> Path:
    """These and samples, strange names, links, pipes, devices."""
    root = tmp_path_factory.mktemp("folder")
    shutil.copytree(pictures, root / "pictures")
    shutil.copytree(samples, root / "samples")
    make_names(root / "names")
    make_specials(root / "specials")
    (root / "specials" / "tty.jpg").unlink()  # depends on there being a terminal
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
from pathlib import Path
import ray
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem
from fakeface.ray import scan_dataset

folder, pictures, model = sys.argv[1:]
ray.init(num_cpus=2, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
options = {"model": model, "threshold": 0.8, "min_face": 32}
away = SubTreeFileSystem(pictures, LocalFileSystem())
found = {
    "here": scan_dataset([folder, f"{folder}/pictures/notes.txt"], **options),
    "away": scan_dataset(["sub", "notes.txt"], filesystem=away, **options),
}
(Path(folder) / "pictures" / "plain.png").unlink()  # which were found, and are not yet read
(Path(pictures) / "sub" / "vanishing.jpg").unlink()
print(json.dumps({name: rows.take_all() for name, rows in found.items()}))
"""


def plain(folder: Path | list[Path], red: Path, **options: Any) -> list[dict[str, Any]]:
    found = Detector(red, threshold=0.8, min_face=32).scan(folder, **options)
    return [record_of(p) for p in found]


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda line: str(line["source"]))


@pytest.fixture(scope="module")
def found(folder: Path, pictures: Path, red: Path) -> dict[str, list[dict[str, Any]]]:
    """What Ray says in several ways of one set of pictures."""
    shutil.copy(pictures / "no suffix", pictures / "sub" / "vanishing.jpg")
    out = run(SCAN, folder, pictures, red)
    rows: dict[str, list[dict[str, Any]]] = json.loads(out.splitlines()[-1])
    return rows


def test_every_row_is_that_of_the_plain_scan(
    found: dict[str, list[dict[str, Any]]], folder: Path, red: Path
) -> None:
    rows = in_order(found["here"])
    assert len(rows) > 110
    assert all(record_of(prediction_of(line)) == line for line in rows)
    gone = [line for line in rows if line["source"] == str(folder / "pictures" / "plain.png")]
    assert [line["error"] for line in gone] == ["no such file or directory"]
    rows = [line for line in rows if line not in gone]
    assert rows == in_order(plain([folder, folder / "pictures" / "notes.txt"], red))
    assert sum(line["verdict"] is None for line in rows) > 10


def test_elsewhere_it_is_the_same(
    found: dict[str, list[dict[str, Any]]], pictures: Path, red: Path
) -> None:
    def below(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        prefix = f"{pictures}/"
        return in_order([r | {"source": r["source"].removeprefix(prefix)} for r in rows])

    rows = in_order(found["away"])
    gone = [line for line in rows if line["source"] == "sub/vanishing.jpg"]
    assert [line["error"] for line in gone] == ["no such file or directory"]
    rows = [line for line in rows if line not in gone]
    assert rows == below(plain([pictures / "sub", pictures / "notes.txt"], red))


def test_an_actor_gives_the_rows_of_the_plain_scan(folder: Path, pictures: Path, red: Path) -> None:
    """Without a cluster."""
    pytest.importorskip("ray.data")
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    from fakeface.ray import _Classifier, _listed

    settings = {"model": str(red), "threshold": 0.8, "min_face": 32, "threads": 1, "explain": False}
    options = {"recursive": True, "glob": (), "exclude": ()}
    named = [str(folder), str(folder / "pictures" / "notes.txt"), f"file://{folder}/samples"]
    away = SubTreeFileSystem(str(pictures), LocalFileSystem())

    def judged(names: list[str], where: Any, **chosen: Any) -> list[dict[str, Any]]:
        files, filesystems = _listed(names, where, False, options | chosen)
        rows: list[dict[str, Any]] = _Classifier(filesystems, settings)(files).to_pylist()
        return [row | {"source": row["source"].lstrip("/")} if where else row for row in rows]

    def below(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | {"source": row["source"].removeprefix(f"{pictures}/")} for row in rows]

    assert judged(named, None) == plain([folder, folder / "pictures" / "notes.txt"], red)
    expected = below(plain([pictures / "sub", pictures / "notes.txt"], red))
    assert judged(["sub/", "notes.txt"], away) == expected
    expected = below(plain(pictures, red, glob=["*.png"], exclude=[".b"]))
    assert judged([""], away, glob=["*.png"], exclude=[".b"]) == expected
    (flat,) = judged(["sub/deep/"], away, recursive=False)
    assert flat["source"] == "sub/deep/a.jpg"


CLI = "from fakeface.cli import main; main()"


def test_the_command_line_gives_the_same_file(folder: Path, red: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    run(
        CLI,
        "scan", folder, "--engine", "ray", "--model", red, "-o", report,
        "--threshold", "0.8", "--min-face", "32", "--exclude", "specials",
    )  # fmt: skip
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    expected = plain(folder, red, exclude=["specials"])
    assert rows == expected


def test_what_is_not_there_is_said_before_anything_is_written(red: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray.data")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLI, "scan", str(tmp_path / "nowhere"),
         "--engine", "ray", "--model", str(red), "-o", str(tmp_path / "r.jsonl")],
        capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("nowhere: no such file or directory")
    assert not (tmp_path / "r.jsonl").exists()


def test_a_terminated_scan_ends_cleanly(samples: Path, red: Path, tmp_path: Path) -> None:
    """Ray has a handler of its own, which would end the process at once."""
    pytest.importorskip("ray.data")
    for number in range(300):
        (tmp_path / f"{number}.jpg").symlink_to(samples / "real" / "biden.jpg")
    report = tmp_path / "r.jsonl"
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CLI, "scan", str(tmp_path), "--engine", "ray",
         "--workers", "1", "--model", str(red), "-o", str(report)],
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        wait_until_filled(report, 300)
        process.terminate()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "fakeface: interrupted" in err
    assert 0 < len(report.read_text().splitlines()) < 300
