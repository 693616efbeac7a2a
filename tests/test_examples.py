from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fakeface import Detector, Verdict
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_watching_a_folder_judges_each_file_once(
    detector: Detector, samples: Path, tmp_path: Path
) -> None:
    shutil.copy(samples / "other" / "cat.png", tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    watch = load("watch_folder").watch(tmp_path, detector, seconds=0)
    first, second = itertools.islice(watch, 2)
    assert first.verdict is Verdict.NO_FACE
    assert second.error is not None
    shutil.copy(samples / "other" / "cat.png", tmp_path / "c.png")
    assert next(watch).source == str(tmp_path / "c.png")


def program(name: str, *words: Path) -> list[str]:
    """An example as its first lines say that it is run."""
    return [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, words)]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_watching_tells_what_it_sees(samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / "other" / "cat.png", tmp_path / "a.png")
    with subprocess.Popen(
        program("watch_folder", tmp_path), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
    assert line == f"{tmp_path / 'a.png'} no_face\n"


def test_the_endpoint_answers(samples: Path) -> None:
    pytest.importorskip("fastapi", reason="needs fastapi")
    pytest.importorskip("httpx", reason="FastAPI's test client needs httpx")
    from fastapi.testclient import TestClient

    client = TestClient(load("endpoint").app)
    headers = {"Content-Type": "image/png"}
    picture = (samples / "other" / "cat.png").read_bytes()
    said = client.post("/predict", content=picture, headers=headers)
    assert said.status_code == 200, said.text
    assert said.json()["verdict"] == "no_face"
    assert client.post("/predict", content=b"no picture", headers=headers).status_code == 415


def test_the_data_frame_sums_up_folders(detector: Detector, samples: Path, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="needs pandas")
    shutil.copytree(samples / "other", tmp_path / "cats")
    (tmp_path / "cats" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    table = load("data_frame").summary(str(tmp_path), detector)
    row = table.loc[str(tmp_path / "cats")]
    assert row["no_face"] == 1
    assert row["unreadable"] == 1
    done = subprocess.run(
        program("data_frame", tmp_path),
        env=ENVIRONMENT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{table.to_string()}\n"


@pytest.mark.slow
def test_ray_writes_parquet(samples: Path, tmp_path: Path) -> None:
    if not (importlib.util.find_spec("ray") and importlib.util.find_spec("pyarrow")):
        pytest.skip("needs the extra `ray`")
    import pyarrow.parquet

    shutil.copytree(samples / "other", tmp_path / "cats")
    done = subprocess.run(
        program("ray_scan", tmp_path / "cats", tmp_path / "verdicts"),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    table = pyarrow.parquet.read_table(tmp_path / "verdicts")
    assert table["verdict"].to_pylist() == ["no_face"]
