"""`train/reproduce.sh`: every command in it is one that can be typed today."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import export.__main__
import train.__main__
from tests.conftest import ROOT
from train.recipes import FinetuneRecipe, load_recipe

PROGRAM = """#!{python}
import json, os, sys
with open(os.environ["SEEN"], "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_every_command_of_the_script_can_be_typed(tmp_path: Path) -> None:
    python, seen = tmp_path / "python", tmp_path / "seen"
    python.write_text(PROGRAM.format(python=sys.executable))
    python.chmod(0o755)
    more = {"PYTHON": str(python), "WORK": str(tmp_path / "work"), "SEEN": str(seen)}
    script = ROOT / "train" / "reproduce.sh"
    subprocess.run(["bash", script], env={**os.environ, **more}, check=True, capture_output=True)
    calls = [json.loads(line) for line in seen.read_text().splitlines()]
    modules = [call[1] for call in calls]
    assert modules[0] == "pip"
    assert set(modules[1:]) == {"train", "export"}
    apps = {"train": train.__main__.app, "export": export.__main__.app}
    for _, module, name, *arguments in calls[1:]:
        command = typer.main.get_command(apps[module]).commands[name]  # type: ignore[attr-defined]
        given = command.make_context(name, arguments).params
        if name == "fit":
            recipe = load_recipe(given["recipe"], given["set_"])
            assert isinstance(recipe, FinetuneRecipe)
