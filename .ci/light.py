"""Tests the library alone, without TensorFlow, on any system: what hosted CI runs on each Python.

Run it with the interpreter to be tested, from anywhere:

    python .ci/light.py                 # in a fresh virtual environment, .venv-light
    python .ci/light.py --here          # with the packages of this interpreter

Arguments after these go to pytest. Tests of the packages that need TensorFlow are left out by
folder, slow tests by their marker.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-light"
LEFT_OUT = ("train", "export", "benchmarks")
"""Folders of tests/ that belong to the other packages."""

arguments = sys.argv[1:]
python = sys.executable
if "--here" in arguments:
    arguments.remove("--here")
else:
    venv.create(ENVIRONMENT, clear=True, with_pip=True)
    python = str(ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "-e", ".[test]"], cwd=ROOT, check=True
    )
    heavy = (
        "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"
    )
    subprocess.run([python, "-c", heavy], check=True)

tests = [
    *("-m", "not slow and not train and not shared"),
    *(f"--ignore=tests/{folder}" for folder in LEFT_OUT),
]
sys.exit(subprocess.run([python, "-m", "pytest", "-q", *tests, *arguments], cwd=ROOT).returncode)
