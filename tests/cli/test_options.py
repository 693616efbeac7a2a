"""One definition of every setting, for the library and for all commands."""

from __future__ import annotations

import inspect
import math
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from fakeface import Detector
from fakeface.cli._app import app
from fakeface.cli._errors import exits
from fakeface.cli._options import Settings, takes_detector_options

DEFAULTS = {name: getattr(Settings, name) for name in Settings.__annotations__}


def command_with(*names: str) -> tuple[typer.Typer, list[dict[str, Any]]]:
    app, seen = typer.Typer(), list[dict[str, Any]]()

    @app.command()
    @exits
    @takes_detector_options(*names)
    def command(word: str = "", *, settings: dict[str, Any]) -> int:
        """Keep the settings."""
        seen.append(settings)
        return len(word)

    return app, seen


def test_the_defaults_are_those_of_a_detector() -> None:
    arguments = inspect.signature(Detector).parameters
    assert {name: arguments[name].default for name in DEFAULTS} == DEFAULTS
    assert set(arguments) - set(DEFAULTS) == {"explain", "session_options"}


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--model", "m", "--threads", "3"], {"model": "m", "threads": 3}),
        (["--whole", "--fpr", "0.01"], {"whole": True, "fpr": 0.01}),
        (["--threshold", "0.5", "--min-face", "20"], {"threshold": 0.5, "min_face": 20.0}),
        (["--provider", "cpu"], {"provider": "cpu"}),
    ],
)
def test_every_setting_has_an_option(words: list[str], settings: dict[str, Any]) -> None:
    app, seen = command_with()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert seen == [DEFAULTS | settings]


def test_settings_that_contradict_each_other_are_wrong_usage() -> None:
    result = CliRunner().invoke(app, ["predict", "x.jpg", "--threshold", "0.5", "--fpr", "0.01"])
    assert result.exit_code == 2
    assert "give threshold or fpr, not both" in result.output
    result = CliRunner().invoke(app, ["predict", "x.jpg", "--min-face", str(math.nan)])
    assert result.exit_code == 2


def test_a_command_may_take_a_few_settings() -> None:
    app, seen = command_with("threads")
    assert CliRunner().invoke(app, ["--threads", "2"]).exit_code == 0
    assert CliRunner().invoke(app, ["--model", "m"]).exit_code == 2
    assert seen == [{"threads": 2}]


@pytest.mark.parametrize("command", ["scan", "predict"])
def test_scan_and_predict_take_all_of_them(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    for name in DEFAULTS:
        assert f"--{name.replace('_', '-')}" in shown


@pytest.mark.parametrize(("name", "command"), [("photos", "scan"), ("a b.jpg", "predict")])
def test_a_path_in_place_of_a_command_is_told_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "a b.jpg").touch()
    result = CliRunner().invoke(app, [name], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert f"fakeface {command} {shlex.quote(name)}" in result.output
    assert "No such command" in CliRunner().invoke(app, ["nothing"]).output
