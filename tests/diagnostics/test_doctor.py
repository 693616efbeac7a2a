from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import fakeface
from export import write_golden
from fakeface._model import DEFAULT_MODEL, bundled_models
from fakeface.cli._app import app
from fakeface.diagnostics._golden import GOLDEN
from fakeface.diagnostics._installation import State, picture_findings, runtime_finding, runtimes
from tests._models import make_classifier


@pytest.fixture
def red(tmp_path: Path) -> Path:
    model = make_classifier(tmp_path / "red")
    write_golden(model)
    return model


def doctor(*words: str | Path) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["doctor", "--json", *map(str, words)])
    return done.exit_code, json.loads(done.stdout)


def problems(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (finding["about"], finding["says"], finding["remedy"])
        for finding in result["findings"]
        if finding["state"] == "problem"
    ]


def isolated(*words: str | Path, first: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process whose first place to import from is `first`."""
    code = "from fakeface.cli import main; main()"
    paths = f"{first}{os.pathsep}{Path(fakeface.__file__).parent.parent}"
    return subprocess.run(
        [sys.executable, "-c", code, "doctor", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        cwd=first,
    )


def install(folder: Path, name: str, version: str, package: str) -> None:
    """Leave a distribution's metadata in a folder, as pip would."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{package}/__init__.py,,\n{info.name}/METADATA,,\n")


def test_all_is_well_with_the_bundled_models():
    code, result = doctor("--provider", "cpu", "--threads", "1")
    assert (code, problems(result), result["well"]) == (0, [], True)
    assert {f["about"] for f in result["findings"]} >= {"onnxruntime", "models", *bundled_models()}
    assert result["environment"]["versions"]["fakeface"] == fakeface.__version__


def test_what_a_person_reads(red):
    done = CliRunner().invoke(app, ["doctor", "--model", str(red)])
    assert done.exit_code == 0, done.output
    assert "fp32 on cpu: 4 golden pictures, p_fake within 0.0000" in done.stdout
    assert f"{red} 1.0.0" in done.stdout
    assert done.stderr == "fakeface: all is well\n"


def test_a_damaged_model_is_named_and_not_judged_by(red):
    data = bytearray((red / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (red / "model.onnx").write_bytes(data)
    code, result = doctor("--model", red)
    ((about, says, remedy),) = problems(result)
    assert (code, about) == (1, "models")
    assert "model red: model.onnx is not the file that model.json describes" in says
    assert "export it again" in remedy


@pytest.mark.parametrize("damaged", [f"{DEFAULT_MODEL}/model.json", "faces/far/model.onnx"])
def test_a_damaged_installation_is_to_be_installed_again(tmp_path, damaged):
    package = shutil.copytree(Path(fakeface.__file__).parent, tmp_path / "fakeface")
    (package / "models" / damaged).unlink()
    done = isolated("--json", first=tmp_path)
    ((about, says, remedy),) = problems(json.loads(done.stdout))
    assert (done.returncode, about) == (1, "models")
    assert Path(damaged).name in says
    assert "pip install --force-reinstall --no-deps fakeface" in remedy


def test_wrong_scores_are_a_problem(red):
    golden = json.loads((red / GOLDEN).read_text())
    for prediction in golden["predictions"]:
        for face in prediction["faces"]:
            face["p_fake"] = 1 - face["p_fake"]
    (red / GOLDEN).write_text(json.dumps(golden))
    code, result = doctor("--model", red, "--provider", "cpu")
    ((about, says, remedy),) = problems(result)
    assert (code, about) == (1, "red")
    assert "portrait.jpg, face 1: p_fake 0." in says
    assert f"python -m export golden {red}; the golden scores were made with fakeface" in remedy


def test_a_model_without_golden_scores_cannot_be_checked(red):
    (red / GOLDEN).unlink()
    code, result = doctor("--model", red)
    assert code == 1
    assert problems(result) == [
        (
            "red",
            "model red: has no golden.json, so its scores cannot be checked",
            f"python -m export golden {red}",
        )
    ]


def test_a_provider_that_is_not_here(red):
    code, result = doctor("--model", red, "--provider", "quantum")
    ((_, says, _),) = problems(result)
    assert code == 1
    assert "execution provider 'quantum' is not available here; available: auto" in says


def test_no_such_model_is_wrong_usage():
    done = CliRunner().invoke(app, ["doctor", "--model", "nowhere"])
    assert done.exit_code == 2
    assert "neither a directory nor a bundled model" in done.stderr


def test_two_onnx_runtimes_shadow_each_other(tmp_path, monkeypatch):
    (mine,) = runtimes()
    assert runtime_finding()[0].state is State.OK
    install(tmp_path, "onnxruntime-gpu", "9.8.7", "onnxruntime")
    install(tmp_path, "onnxruntime-extensions", "1.0", "onnxruntime_extensions")
    monkeypatch.syspath_prepend(tmp_path)
    if mine == "onnxruntime-gpu":
        pytest.skip("it is the only one here")
    finding, usable = runtime_finding()
    assert usable
    assert finding.state is State.PROBLEM
    assert "onnxruntime-gpu 9.8.7 are installed, into the same folder" in finding.says
    assert f"{mine} {runtimes()[mine]}, shadows the rest" in finding.says
    if mine == "onnxruntime":
        assert finding.remedy == (
            "pip uninstall -y onnxruntime"
            " && pip install --force-reinstall --no-deps onnxruntime-gpu"
        )
    done = isolated(first=tmp_path)
    assert done.returncode == 1
    assert "fakeface: 1 problem\n" in done.stderr


def test_a_runtime_half_removed_is_told_and_the_rest_looked_at(tmp_path):
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").touch()
    done = isolated("--json", first=tmp_path)
    result = json.loads(done.stdout)
    ((about, says, remedy),) = problems(result)
    assert (done.returncode, about, result["environment"]) == (1, "onnxruntime", None)
    assert "cannot be used" in says
    assert remedy.startswith("pip install --force-reinstall --no-deps onnxruntime")
    assert "files are those described" in done.stdout
    assert isolated(first=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("missing", "state", "says"),
    [
        ("webp", State.PROBLEM, "WebP cannot be read"),
        ("libjpeg_turbo", State.NOTE, "JPEG is decoded slowly"),
        ("avif", State.NOTE, "AVIF cannot be read"),
        ("pillow_heif", State.NOTE, "HEIC cannot be read"),
        ("c2pa", State.NOTE, "signatures of content credentials are not checked"),
    ],
)
def test_what_pillow_lacks_is_named_with_its_remedy(missing, state, says):
    formats, finding = picture_findings(lambda feature: feature != missing)
    assert formats.state is State.OK
    assert finding.state is state
    assert finding.says.startswith(says)
    assert finding.remedy.startswith("pip install")


def test_this_pillow_reads_the_usual_formats():
    formats = next(picture_findings())
    assert {"JPEG", "PNG", "WebP"} <= set(formats.says.replace(",", "").split())
