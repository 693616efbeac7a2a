from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from fakeface import OperatingPoint, __version__
from fakeface.cli._app import app
from fakeface.reports._escape import unescape
from tests._models import make_classifier
from tests._process import MAIN

HEAVY = ("numpy", "onnxruntime", "PIL", "rich", "pyarrow", "starlette", "pydantic")


@dataclass
class Done:
    code: int
    out: str
    err: str


Cli = Callable[..., Done]


@pytest.fixture
def cli(red: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with the small model on whole pictures."""

    def call(command: str, *words: str | Path) -> Done:
        options = ["--model", red, "--whole"] if command in ("scan", "predict") else []
        words = (command, *options, *map(str, words))  # type: ignore[assignment]
        monkeypatch.setattr(sys, "argv", ["fakeface", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return call


def paint(path: Path, red: int, blue: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((48, 48, 3), (red, 0, blue), np.uint8)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fake, an uncertain, a real, a broken picture and a text."""
    root = tmp_path / "photos"
    paint(root / "fake.png", 255, 0)
    paint(root / "sub" / "real.png", 0, 255)
    paint(root / "unsure.png", 100, 100)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (root / "notes.txt").write_text("no picture")
    return root


def verdicts(text: str) -> dict[str, str | None]:
    return {Path(r["source"]).name: r["verdict"] for r in map(json.loads, text.splitlines())}


ALL = {"broken.jpg": None, "fake.png": "fake", "real.png": "real", "unsure.png": "uncertain"}


def test_scan_gives_results_on_stdout_and_a_summary_on_stderr(cli: Cli, folder: Path) -> None:
    done = cli("scan", folder, "--format", "jsonl")
    assert done.code == 3
    assert verdicts(done.out) == ALL
    (line,) = done.err.splitlines()
    assert line.startswith("fakeface: 4 pictures in ")
    assert line.endswith("1 fake, 1 uncertain, 1 real, 1 unreadable; 1 other file skipped")


def test_the_table_is_the_default_and_o_decides_by_its_suffix(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    done = cli("scan", folder)
    assert done.out.splitlines()[0].split() == ["verdict", "p_fake", "faces", "says", "picture"]
    cli("scan", folder, "-o", tmp_path / "r.json")
    assert len(json.loads((tmp_path / "r.json").read_text())) == 4
    done = cli("scan", folder, "-o", tmp_path / "r.xyz")
    assert (done.code, done.out) == (2, "")
    assert "has no suffix of a known format" in done.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 3),
        (["--fail-on", "fake"], 1),
        (["--fail-on", "no_face"], 3),
        (["--fail-on", "no_face", "--fail-on", "error"], 1),
        (["--exclude", "broken*"], 0),
        (["--exclude", "broken*", "--fail-on", "fake", "--threshold", "1"], 0),
        (["--exclude", "broken*", "--fail-on", "fake", "--fpr", "0.01"], 1),
        (["--glob", "unsure.png", "--fail-on", "uncertain"], 1),
        (["--no-recursive", "--glob", "real.png"], 0),
    ],
)
def test_exit_codes(cli: Cli, folder: Path, options: list[str], code: int) -> None:
    assert cli("scan", folder, *options).code == code


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "name a folder or a picture"),
        (["/no/such\n\x1b[31mfolder"], r"/no/such\n\x1b[31mfolder: no such file or directory"),
        ([".", "--provider", "tpu"], "execution provider 'tpu' is not available here"),
        ([".", "--fpr", "0.5"], "has no operating point at fpr 0.5; it has: 0.01"),
        ([".", "--format", "yaml"], "yaml: is not a format of results"),
        ([".", "--model", "nowhere"], "is neither a directory nor a bundled model"),
        (
            [".", "--resume", "x.csv"],
            "x.csv: is csv; a scan resumes from jsonl alone, of which `fakeface report` makes",
        ),
        ([".", "--format", "json", "--resume", "x"], "x: is json; a scan resumes from jsonl alone"),
        (
            [".", "--resume", "a.jsonl", "-o", "b"],
            "a.jsonl: --resume writes to this file alone; leave out -o and --overwrite",
        ),
        ([".", "-o", "a.csv", "-o", "b.csv", "--format", "csv"], "--format is for one file"),
        ([".", "-o", "a.csv", "-o", "./a.csv"], "is named twice"),
        ([".", "--files-from", "/no/list"], "/no/list: no such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    cli: Cli, options: list[str], message: str
) -> None:
    done = cli("scan", *options)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert message in line


@pytest.mark.parametrize("options", [["--threshold", "2"], ["--workers", "0"], ["--nonsense"]])
def test_wrong_options_are_usage_errors(cli: Cli, options: list[str]) -> None:
    assert cli("scan", ".", *options).code == 2


def test_files_from_takes_names_as_they_are(cli: Cli, folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "names"
    odd = paint(folder / "new\nline.png", 255, 0)
    names.write_bytes(b"\0".join(os.fsencode(p) for p in (odd, folder / "gone.png")) + b"\0")
    done = cli("scan", "--files-from", names, "--format", "jsonl")
    assert verdicts(done.out) == {"new\nline.png": "fake", "gone.png": None}
    assert "no such file" in done.out


def test_a_list_that_is_not_there_costs_no_results(cli: Cli, tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    report.write_text("precious\n")
    done = cli("scan", "--files-from", tmp_path / "typo", "-o", report, "--overwrite")
    assert (done.code, report.read_text()) == (2, "precious\n")
    assert done.err == f"fakeface: {tmp_path}/typo: no such file or directory\n"
    assert cli("scan", "--files-from", tmp_path / "typo", "-o", tmp_path / "n.html").code == 2
    assert not (tmp_path / "n.html").exists()


def test_results_are_not_overwritten_by_accident(cli: Cli, folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    report.write_text("precious\n")
    done = cli("scan", folder, "-o", report)
    assert (done.code, report.read_text()) == (2, "precious\n")
    assert f"--resume {report} continues it" in done.err
    assert cli("scan", folder, "-o", report, "--overwrite").code == 3
    assert verdicts(report.read_text()) == ALL


def test_resume_adds_what_is_new_and_counts_what_was_there(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    report = tmp_path / "r.jsonl"
    assert cli("scan", folder, "--resume", report).code == 3
    paint(folder / "a.png", 0, 255)
    paint(folder / "broken.jpg", 0, 255)
    done = cli("scan", folder, "--resume", report, "--fail-on", "fake")
    assert done.code == 1  # found by the earlier scan
    new, before, both = done.err.splitlines()
    assert new.startswith("fakeface: 2 new pictures in ")
    assert new.endswith(" a second): 2 real; 1 other file skipped")
    unchanged = "3 unchanged pictures from before: 1 fake, 1 uncertain, 1 real"
    assert before == f"fakeface: {unchanged}"
    assert both == "fakeface: together 5 pictures: 1 fake, 1 uncertain, 3 real"
    assert verdicts(report.read_text()) == ALL | {"a.png": "real", "broken.jpg": "real"}
    done = cli("scan", folder, "--resume", report, "--threshold", "0.4")  # other settings
    assert "5 new pictures in" in done.err
    done = cli("scan", folder, "--resume", report, "--threshold", "0.4")
    assert done.err.splitlines() == [
        "fakeface: no new picture scored; 1 other file skipped",
        "fakeface: 5 unchanged pictures from before: 2 fake, 3 real",
    ]
    assert verdicts(report.read_text())["unsure.png"] == "fake"


def test_one_scan_writes_several_files(cli: Cli, folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"r.{suffix}" for suffix in ("jsonl", "csv", "html", "txt")]
    done = cli("scan", folder, *(word for file in files for word in ("-o", file)))
    assert (done.code, done.out) == (3, "")
    assert len(done.err.splitlines()) == 1
    assert verdicts(files[0].read_text()) == ALL
    assert len(files[1].read_text().splitlines()) == 5
    assert all("unsure.png" in file.read_text() for file in files)
    assert cli("scan", folder, "-o", tmp_path / "new.json", "-o", files[1]).code == 2
    assert not (tmp_path / "new.json").exists()
    words = ["-o", files[0], "-o", tmp_path / "none" / "r.html", "--overwrite"]
    assert cli("scan", folder, *words).code == 2
    assert verdicts(files[0].read_text()) == ALL


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_file_that_fails_leaves_the_others_whole(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "full.csv").symlink_to("/dev/full")
    done = cli("scan", folder, "-o", tmp_path / "r.json", "-o", tmp_path / "full.csv")
    assert done.code == 2
    assert json.loads((tmp_path / "r.json").read_text())


def test_pictures_of_a_verdict_are_copied(cli: Cli, folder: Path, tmp_path: Path) -> None:
    paint(folder / "other" / "fake.png", 254, 0)  # of the same name
    paint(folder / "other" / "again" / "fake.png", 255, 0)  # and a copy
    copies, report = tmp_path / "to" / "copies", tmp_path / "r.jsonl"
    words = ("--copy-to", copies, "--where", "fake", "--where", "uncertain")
    done = cli("scan", folder, "-o", report, *words)
    assert done.err.splitlines()[-1] == f"fakeface: 4 pictures copied to {copies}"
    names = ["fake (2).png", "fake.png", "unsure.png"]
    assert sorted(path.name for path in copies.iterdir()) == names
    assert (folder / "fake.png").exists()
    (copies / "unsure.png").unlink()
    done = cli("scan", folder, "--resume", report, *words)  # those from before too
    assert sorted(path.name for path in copies.iterdir()) == names
    done = cli("scan", folder, "--copy-to", folder / "sub" / "copies")
    assert (done.code, done.out) == (2, "")
    assert "is in " in done.err
    assert cli("scan", folder, "--where", "fake").code == 2


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_what_cannot_be_copied_is_an_error(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (folder / "endless.png").symlink_to("/dev/zero")
    copies = tmp_path / "copies"
    done = cli("scan", folder, "--glob", "e*", "--copy-to", copies, "--where", "error")
    assert "endless.png: not copied: is no file" in done.err
    assert (done.code, list(copies.iterdir())) == (2, [])
    words = ("scan", folder, "--copy-to", folder / "fake.png")
    assert cli(*words).code == 2


def test_the_folders_with_most_fakes_are_named(cli: Cli, folder: Path) -> None:
    paint(folder / "sub" / "one.png", 255, 0)
    paint(folder / "sub" / "two.png", 255, 0)
    done = cli("scan", folder, "--format", "csv")
    last = done.err.splitlines()[-1]
    assert last == f"fakeface: most fakes in {folder}/sub (2 of 3), {folder} (1 of 3)"


def test_a_resumed_scan_may_spell_its_folder_otherwise(
    cli: Cli, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cli("scan", "photos", "-o", "r.jsonl")
    before = Path("r.jsonl").read_text()
    for spelling in ("./photos", "photos/", folder, f"../{tmp_path.name}/photos"):
        done = cli("scan", spelling, "--resume", "r.jsonl", "--exclude", "broken.jpg")
        assert "no new picture scored" in done.err
    assert Path("r.jsonl").read_text() == before


def test_predict_takes_files_and_standard_input(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (folder / "fake.png").open("rb") as file:
        monkeypatch.setattr(sys, "stdin", _Stdin(file))
        done = cli("predict", "-", folder / "sub/real.png", folder, "--format", "jsonl")
    first, second, third = map(json.loads, done.out.splitlines())
    assert first["verdict"] == "fake"
    assert second["verdict"] == "real"
    assert "is a directory; scan it with `fakeface scan`" in third["error"]
    assert done.code == 3


@dataclass
class _Stdin:
    buffer: IO[bytes]


class _Endless(io.BytesIO):
    """Begins like a picture, and has no end."""

    given = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        head = b"" if self.given else b"\xff\xd8\xff"
        self.given += size
        return head + bytes(size - len(head))


@pytest.mark.parametrize("explain", [False, True])
def test_standard_input_is_read_no_further_than_a_picture_may_be_large(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, explain: bool
) -> None:
    monkeypatch.setattr("fakeface.images._read.MAX_BYTES", 3 << 20)
    endless = _Endless()
    monkeypatch.setattr(sys, "stdin", _Stdin(endless))
    options = ["--explain", tmp_path / "why.png"] if explain else []
    done = cli("predict", "-", "--format", "jsonl", *options)
    (record,) = map(json.loads, done.out.splitlines())
    assert (done.code, record["source"]) == (3, "<stdin>")
    assert record["error"] == "is larger than the 3 MiB allowed"
    assert endless.given == (3 << 20) + 1
    assert not (tmp_path / "why.png").exists()


def test_standard_input_that_cannot_be_read_is_a_record(red: str, tmp_path: Path) -> None:
    words = ("predict", "--model", red, "-", "--format", "jsonl")
    with (tmp_path / "written").open("wb") as file:
        done = run(*words, stdin=file)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"] == "bad file descriptor"


def test_info_names_what_there_is(cli: Cli) -> None:
    facts = json.loads(cli("info", "--json").out)
    assert facts["versions"]["fakeface"] == __version__
    assert "cpu" in facts["providers"]
    assert {"JPEG", "PNG", "WEBP"} <= set(facts["formats"])
    assert __version__ in cli("info").out


def run(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, *map(str, words)], capture_output=True, text=True, timeout=60, **options
    )  # type: ignore[call-overload, no-any-return]


def test_version_and_help_import_nothing_heavy() -> None:
    script = (
        "import sys\nfrom fakeface.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"fakeface {__version__}", "[]"]


def test_predict_as_json_imports_no_more_than_it_needs(red: str, folder: Path) -> None:
    script = (
        "import sys\nfrom fakeface.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([n for n in ('rich', 'pyarrow', 'pydantic', 'tensorflow', 'typer.rich_utils')"
        " if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "predict", "--model", red, "--format", "json",
         str(folder / "fake.png")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("format_", ["jsonl", "table"])
def test_a_reader_that_goes_away_is_no_error_message(
    red: str, tmp_path: Path, format_: str
) -> None:
    picture = paint(tmp_path / "a.png", 255, 0)
    names = tmp_path / "names"
    names.write_text(f"{picture}\n" * 2000)
    words = ("scan", "--model", red, "--files-from", str(names), "--format", format_)
    command = shlex.join([*MAIN, *words])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 141
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def shell(line: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a shell; `line` says with which streams."""
    command = shlex.join([*MAIN, *map(str, words)])
    return subprocess.run(
        ["bash", "-c", f"{command} {line}"], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_cost_no_results(red: str, tmp_path: Path, closed: str) -> None:
    picture = paint(tmp_path / "a.png", 255, 0)
    done = shell(closed, "scan", "--model", red, "--whole", picture, "--format", "jsonl")
    assert done.returncode == (0 if closed in ("2>&-", "2>/dev/full") else 2)
    assert len(done.stdout.splitlines()) == (closed in ("2>&-", "2>/dev/full"))
    assert len(done.stderr.splitlines()) == (closed == ">&-")
    report = tmp_path / "r.csv"
    done = shell(closed, "scan", "--model", red, "--whole", picture, "-o", report)
    assert done.returncode == 0
    assert len(report.read_text().splitlines()) == 2


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fakeface", "--version"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"fakeface {__version__}\n")


@pytest.mark.parametrize("words", [("--version",), ("scan", "--help")])
def test_a_full_disk_is_no_fault_of_ours(words: tuple[str, ...]) -> None:
    done = shell(">/dev/full", *words)
    assert (done.returncode, done.stderr) == (2, "fakeface: no space left on device\n")


@pytest.mark.parametrize("words", [("predict", "-"), ("scan", "--files-from", "-")])
def test_closed_standard_input_is_a_usage_error(
    red: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    report = tmp_path / "r.csv"
    report.write_text("precious\n")
    done = shell("<&-", *words, "--model", red, "-o", report, "--overwrite")
    assert (done.returncode, report.read_text()) == (2, "precious\n")
    (line,) = done.stderr.splitlines()
    assert "is closed; pipe something into it" in line


@pytest.mark.parametrize(
    "fault",
    [
        "m._model.bundled_models = lambda: [][1]",
        "def end(): raise EOFError\nm._model.bundled_models = end",
        "sys.modules['typer'] = None",
    ],
)
def test_a_fault_of_fakeface_is_no_finding(fault: str) -> None:
    code = f"import sys\nimport fakeface as m, fakeface._model\n{fault}\n{MAIN[2]}"
    done = subprocess.run([sys.executable, "-c", code, "info"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (70, "")
    first, *_, last = done.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith("fakeface: internal error, please report it with the lines above: ")


def test_names_are_never_printed_raw_and_survive_as_json(cli: Cli, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b]0;owned\x07\n.png"
    paint(tmp_path / "a.png", 0, 255).rename(os.fsdecode(name))
    for kind in ("table", "jsonl", "json", "csv"):
        done = cli("scan", tmp_path, "--format", kind)
        assert done.code == 0
        assert done.out.replace("\n", "").isprintable()
    (record,) = json.loads(cli("scan", tmp_path, "--format", "json").out)
    assert os.fsencode(unescape(record["source"])) == name


@pytest.mark.parametrize("results_too", [False, True])
def test_progress_shows_on_a_terminal_and_ends_with_the_summary(
    red: str, folder: Path, results_too: bool
) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*MAIN, "scan", "--model", red, "--whole", str(folder)],
            stdout=theirs if results_too else subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
            timeout=60,
        )
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # that is how a terminal ends
            while block := os.read(ours, 1 << 16):
                shown += block
    finally:
        os.close(ours)
    text = shown.decode()
    assert done.returncode == 3
    assert "5/5" in text  # pictures, and the text that is none
    assert " left " in text
    assert text.splitlines()[-1].endswith("1 other file skipped")
    assert ("fake.png" in text) is results_too
    if not results_too:
        assert "\x1b" not in done.stdout.decode()


def test_a_threshold_that_rests_on_a_few_photographs_comes_with_a_warning(
    cli: Cli, folder: Path, tmp_path: Path
) -> None:
    few = OperatingPoint("fpr10", 0.7, 0.1, "val", 30, (0.02, 0.21))
    model = make_classifier(tmp_path / "few", point=few)
    for command in ("scan", "predict"):
        done = cli(command, folder / "fake.png", "--model", model)
        assert done.code == 0
        assert "warning: the threshold for at most 10% false alarms rests on 30 photo" in done.err
        assert "2.0% to 21.0%" in done.err
        assert "warning" not in done.out
    own = cli("scan", folder / "fake.png", "--model", model, "--threshold", "0.6")
    assert "warning" not in own.err
    assert "warning" not in cli("scan", folder / "fake.png").err
