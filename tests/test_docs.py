"""Runs what the README and docs/ show: commands, snippets, and the names of options in the text."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from PIL import Image

import fakeface
from tests.conftest import ROOT, SAMPLES

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXTERNAL = {"--quiet", "--strict", "--app-dir", "--data-binary", "--reload"}
"""Options of other programs that the text may name."""

FOLDERS = {
    ".ci",
    ".github",
    "benchmarks",
    "docs",
    "examples",
    "export",
    "fakeface",
    "samples",
    "tests",
    "train",
}
"""Folders of the repository; paths in them that the text names have to exist."""

BLOCK = re.compile(
    r"(?:^<!-- *(?P<mark>[^\n]*?) *-->\n)?^```(?P<lang>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
TRAINING = re.compile(r"python -m (train (fit|compare)|export|benchmarks)\b|--model my-model")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    lang: str
    text: str
    mark: str

    @property
    def run(self) -> bool:
        """Whether a test runs it; what is marked `ci:` is run by .ci/run."""
        return not self.mark.startswith(("not run:", "ci:")) and "--8<--" not in self.text

    @property
    def codes(self) -> set[int]:
        return set(map(int, self.mark[5:].split())) if self.mark.startswith("exit:") else {0}


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, m.start()) + 1, m["lang"], m["text"], m["mark"] or "")
        for m in BLOCK.finditer(text)
    ]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """`python` and `fakeface` are this interpreter and this tree; `curl` gives a portrait, unless
    it asks a server on this machine."""
    bin_ = tmp_path_factory.mktemp("bin")
    python = shlex.quote(sys.executable)
    portrait = shlex.quote(str(SAMPLES / "real" / "obama.jpg"))
    curl = shlex.quote(shutil.which("curl") or "curl")
    for tool, does in {
        "python": f'exec {python} "$@"',
        "fakeface": f'exec {python} -c "from fakeface.cli import main; main()" "$@"',
        "curl": f'case "$*" in *127.0.0.1*) exec {curl} "$@";; *) exec cat {portrait};; esac',
    }.items():
        (bin_ / tool).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (bin_ / tool).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }


def furnish(folder: Path) -> None:
    """What the pages take for granted: PHOTOS, a portrait, samples."""
    shutil.copytree(SAMPLES, folder / "samples")
    (folder / "PHOTOS").mkdir()
    for picture in ("real/obama.jpg", "other/cat.png"):
        shutil.copy(SAMPLES / picture, folder / "PHOTOS")
    shutil.copy(SAMPLES / "real" / "obama.jpg", folder / "portrait.jpg")


def shell(block: Block, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    where = f"{name(block.page)}, line {block.line}"
    # `… | head` ends the writer of a pipe, as it should
    assert done.returncode in block.codes | ({141} if "| head" in block.text else set()), (
        f"{where}: exit code {done.returncode}\n{block.text}\n{done.stdout}\n{done.stderr}"
    )


def python(block: Block, names: dict[str, Any]) -> None:
    code = "\n" * block.line + block.text
    exec(compile(code, str(block.page), "exec"), names)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the commands are for bash")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_runs(
    page: Path, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if not block.run:
            continue
        if block.lang == "sh" and not TRAINING.search(block.text):
            shell(block, tmp_path, environment)
        elif block.lang == "python":
            python(block, names)


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.skipif(os.name == "nt", reason="the commands are for bash")
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs the extra `train`")
def test_training_exporting_and_benchmarks_run(tmp_path: Path, environment: dict[str, str]) -> None:
    """The commands that need TensorFlow, in order, on eighty small pictures."""
    furnish(tmp_path)
    rng = np.random.default_rng(0)
    for label in ("AI", "Real"):
        (tmp_path / "FOLDER" / label / "some").mkdir(parents=True)
        for index in range(40):
            flat = np.full((96, 96, 3), rng.integers(0, 255, 3), np.uint8)
            noise = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
            picture = Image.fromarray(flat if label == "AI" else noise)
            picture.save(tmp_path / "FOLDER" / label / "some" / f"{index}.png")
    ran = 0
    for page in PAGES:
        for block in blocks(page):
            # recipes that a page prints are taken by its next commands
            if (
                block.lang == "sh"
                and block.run
                and (TRAINING.search(block.text) or "python -m train" in block.text)
            ):
                shell(block, tmp_path, environment)
                ran += 1
    assert ran >= 3


def commands() -> dict[str, set[str]]:
    """Options by command, such as `fakeface scan` or `python -m train fit`."""
    import benchmarks.__main__
    import export.__main__
    import train.__main__
    from fakeface.cli._app import app

    found = {}
    for program, application in {
        "fakeface": app,
        "python -m train": train.__main__.app,
        "python -m export": export.__main__.app,
        "python -m benchmarks": benchmarks.__main__.app,
    }.items():
        group: Any = typer.main.get_command(application)
        found[program] = {"--version", "--help", "-h"}
        for command in group.commands.values():
            options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
            found[f"{program} {command.name}"] = options | {"--help", "-h"}
    return found


def test_options_exist() -> None:
    """Of every command shown, run or not, and of every option named in the text."""
    known = commands()
    every = set().union(*known.values()) | EXTERNAL
    wrong = []
    for page in PAGES:
        for block in blocks(page):
            if block.lang != "sh":
                continue
            text = block.text.replace("\\\n", " ")
            for part in re.split(r"\n|&&|\|\||[|;]", text):
                wrong += [f"{name(page)}, line {block.line}: {w}" for w in _wrong(part, known)]
        prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
        for code in re.findall(r"`([^`\n]+)`", prose):
            if re.match(r"(\.venv/bin/)?(fakeface|python -m (train|export|benchmarks)) ", code):
                wrong += [f"{name(page)}: {w}" for w in _wrong(code, known)]
            elif option := re.match(r"--[a-z][a-z0-9-]*", code):
                wrong += [f"{name(page)}: {code}"] if option[0] not in every else []
    assert not wrong, "\n".join(wrong)


def _wrong(line: str, known: dict[str, set[str]]) -> list[str]:
    """Commands and options in one command line that do not exist."""
    words = shlex.split(line, comments=True)
    while words and not (words[0].endswith("fakeface") or words[0].endswith("python")):
        words = words[1:]
    if not words:
        return []
    program, rest = "fakeface", words[1:]
    if not words[0].endswith("fakeface"):
        if words[1:2] != ["-m"] or words[2] not in ("train", "export", "benchmarks"):
            return []
        program, rest = f"python -m {words[2]}", words[3:]
    command = f"{program} {rest[0]}" if rest else program
    if program == "python -m export" and command not in known:
        command = "python -m export run"
    elif rest and rest[0].startswith("-"):
        command = program
    if command not in known:
        return [f"no command `{command}`"]
    options = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [f"`{command}` has no {option}" for option in options if option not in known[command]]


def test_everything_public_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^::: fakeface\.(\S+)$", text, re.M))
    assert set(fakeface.__all__) <= documented


def test_paths_in_the_text_exist() -> None:
    """Every path of the repository that a page names, in the form `folder/file` or `folder/`."""
    missing = []
    for page in [*PAGES, ROOT / "SECURITY.md", ROOT / "train" / "tried.md"]:
        for code in re.findall(r"`([\w.-]+/[\w./-]*)`", page.read_text(encoding="utf-8")):
            if code.split("/")[0] in FOLDERS and not (ROOT / code).exists():
                missing.append(f"{name(page)}: {code}")
    assert not missing, "\n".join(missing)


def test_ci_names_files_that_exist() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    named = re.findall(r"(?:tests|\.ci|benchmarks|train)/[\w/.]+\.py", script)
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_layout_names_every_package() -> None:
    """Contributing says what each package of the library and of training is for."""
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    packages = {
        f"{package}/{folder.parent.name}/"
        for package in ("fakeface", "train")
        for folder in (ROOT / package).glob("*/__init__.py")
    }
    assert not {p for p in packages if f"`{p}`" not in text}


def test_versions_agree() -> None:
    """The package, the citation and the changelog's newest release have one version."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[\w.]*)\] - (\d{4}-\d\d-\d\d)$", changelog, re.M)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert released[0][0] == fakeface.__version__
    assert f"\nversion: {released[0][0]}\n" in citation
    assert f'\ndate-released: "{released[0][1]}"\n' in citation


def test_every_example_is_shown() -> None:
    shown = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    for example in (ROOT / "examples").glob("*.py"):
        assert f'--8<-- "examples/{example.name}"' in shown
