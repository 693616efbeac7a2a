from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fakeface import Box, Face, Prediction, ReportError, Verdict
from fakeface.reports import FORMATS, format_of, open_report, read_results
from fakeface.reports._csv import cell
from fakeface.reports._files import _lock
from fakeface.reports._parquet import schema
from fakeface.reports._record import record_of
from fakeface.reports._table import TableReport
from fakeface.types import Provenance, Statement
from tests import _pages

NASTY = "a\n\x1b[31m\u202egpj.\udcff.jpg"
"""A newline, a terminal escape, a bidirectional override and a byte that is not UTF-8."""

PREDICTIONS = [
    Prediction(
        "=cmd|' /C calc'!A0.jpg",
        "m",
        Verdict.FAKE,
        0.99987,
        (
            Face(Box(1, 2, 60, 70), 0.9, 0.99987, Verdict.FAKE),
            Face(Box(9, 9, 20, 20), 0.8, None, Verdict.TOO_SMALL),
        ),
        (640, 480),
        None,
        "00ff" * 8,
        "5e77",
    ),
    Prediction("naïve.png", "m", Verdict.NO_FACE, size=(10, 10), digest="11" * 16, settings="5e77"),
    Prediction(NASTY, "m", error="is \x1b[0m broken", settings="5e77"),
]


def write(name: str, path: Path, predictions: list[Prediction] = PREDICTIONS) -> None:
    _pages.write(path, predictions, name=name)


def test_json_and_jsonl_lose_nothing_and_are_safe_on_a_terminal(tmp_path: Path) -> None:
    write("json", tmp_path / "r.json")
    write("jsonl", tmp_path / "r.jsonl")
    expected = [record_of(prediction) for prediction in PREDICTIONS]
    text = (tmp_path / "r.json").read_text("utf-8")
    assert json.loads(text) == expected
    lines = (tmp_path / "r.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == expected
    assert all(line.isprintable() for line in lines)
    assert "naïve" in text  # what can be printed is left readable


def test_every_reader_of_json_takes_what_is_not_utf8(tmp_path: Path) -> None:
    """Lone surrogates are a form of Python's own; others refuse the file."""
    reader = pytest.importorskip("pyarrow.json")
    said = Provenance((Statement("png", "ai", tool="\udcfcx", detail="\ud83d"),), ("\udc80",))
    odd = Prediction("M\udcfcller.png", "m\udcff", error="no \udcff", provenance=said)
    plain = Prediction("plain.png", "m", error="is empty")
    write("jsonl", tmp_path / "r.jsonl", [odd, plain])
    write("json", tmp_path / "r.json", [odd, plain])
    rows = reader.read_json(tmp_path / "r.jsonl").to_pylist()
    assert [row["source"] for row in rows] == [r"M\udcfcller.png", "plain.png"]
    assert "\\u" not in re.sub(r"\\\\u", "", (tmp_path / "r.json").read_text("utf-8"))
    for name in ("r.jsonl", "r.json"):
        assert list(read_results(tmp_path / name)) == [odd, plain]


def test_an_empty_json_report_is_an_empty_array(tmp_path: Path) -> None:
    write("json", tmp_path / "r.json", [])
    assert json.loads((tmp_path / "r.json").read_text()) == []


def test_csv_holds_one_printable_line_a_picture_and_no_formula(tmp_path: Path) -> None:
    write("csv", tmp_path / "r.csv")
    text = (tmp_path / "r.csv").read_text("utf-8")
    assert len(text.splitlines()) == 4
    assert text.replace("\n", "").isprintable()
    first, second, third = csv.DictReader(io.StringIO(text))
    assert first["source"].startswith("'=cmd")
    assert (first["verdict"], first["p_fake"], first["faces"]) == ("fake", "0.99987", "2")
    assert (second["verdict"], second["p_fake"], second["faces"]) == ("no_face", "", "0")
    assert (third["verdict"], third["faces"]) == ("", "")
    assert third["source"] == r"a\u000a\u001b[31m\u202egpj.\udcff.jpg"


def test_a_csv_report_of_nothing_has_its_header(tmp_path: Path) -> None:
    write("csv", tmp_path / "r.csv", [])
    assert (tmp_path / "r.csv").read_text().startswith("source,verdict,p_fake,")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs pipes with names")
def test_csv_goes_through_a_pipe() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as pipe:
        try:
            write("csv", Path(f"/dev/fd/{writing}"))
        finally:
            os.close(writing)
        assert len(pipe.readlines()) == 4


NAMES = [
    "a\udcff.jpg",
    r"a\udcff.jpg",
    r"a\\udcff.jpg",
    "a\\\udcff.jpg",
    "\U000e0001 \u2028",
    r"\U000e0001",
    r"\Uffffffff",
    "\n\r\t\x7f",
    r"C:\new\users\x1b",
    "=1",
    "'=1",
    "''=1",
    "'it's\", ,",
    NASTY,
]
"""Names that are easily confused."""


@pytest.mark.parametrize("name", ["jsonl", "json", "parquet"])
def test_names_are_read_back(name: str, tmp_path: Path) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / "r"
    write(name, path, [Prediction(source, "m", error="is empty") for source in NAMES])
    assert [prediction.source for prediction in read_results(path)] == NAMES


def test_no_two_names_are_the_same_in_csv() -> None:
    assert len({cell(name) for name in NAMES}) == len(NAMES)


def test_ordinary_names_are_left_as_they_are() -> None:
    names = [r"C:\new\users\x1b", r"\\server\naïve 写真.png", "'it's.jpg"]
    assert [cell(name) for name in names] == names
    assert [record_of(Prediction(name, "m"))["source"] for name in names] == names


def test_parquet_has_the_keys_of_a_prediction(tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "r.parquet"
    write("parquet", path)
    rows = pq.read_table(path).to_pylist()
    expected: list[dict[str, Any]] = [record_of(prediction) for prediction in PREDICTIONS]
    assert expected[2]["source"] == NASTY.replace("\udcff", r"\udcff")
    assert rows == expected
    assert schema().names == list(expected[0])
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_is_written_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("fakeface.reports._parquet._CHUNK", 2)
    path = tmp_path / "r.parquet"
    write("parquet", path, PREDICTIONS[:1] * 5)
    assert pq.read_table(path).num_rows == 5
    assert pq.ParquetFile(path).num_row_groups == 3


def test_the_table_shows_every_outcome_and_hides_nothing_in_colour() -> None:
    out = io.StringIO()
    with TableReport(out, "out", owned=False) as report:
        report.console = Console(file=out, force_terminal=True, width=200)
        for prediction in PREDICTIONS:
            report.write(prediction)
    coloured = out.getvalue()
    assert re.search(r"\x1b\[1;[\d;]+mfake", coloured)
    assert "\x1b[31mgpj" not in coloured
    out = io.StringIO()
    with TableReport(out, "out", owned=False) as report:
        report.console = Console(file=out, width=20)  # long lines are not cut
        for prediction in PREDICTIONS:
            report.write(prediction)
    head, fake, no_face, unreadable, _, *totals = out.getvalue().splitlines()
    assert head.split() == ["verdict", "p_fake", "faces", "says", "picture"]
    assert fake.split() == ["fake", "0.999", "█" * 20, "2", "=cmd|'", "/C", "calc'!A0.jpg"]
    assert no_face.split() == ["no", "face", "0", "naïve.png"]
    assert unreadable.startswith("unreadable")
    assert r"\x1b[31m\u202egpj.\udcff.jpg: is \x1b[0m broken" in unreadable
    assert [line.split()[:-1] for line in totals] == [
        ["fake", "1", "33%"],
        ["no", "face", "1", "33%"],
        ["unreadable", "1", "33%"],
    ]


@pytest.mark.parametrize("name", ["json", "jsonl", "csv", "table"])
def test_every_record_is_handed_over_before_the_next(name: str, tmp_path: Path) -> None:
    path = tmp_path / "r"
    with open_report(name, path) as report:
        sizes = []
        for prediction in PREDICTIONS:
            report.write(prediction)
            sizes.append(path.stat().st_size)
        assert sizes == sorted(set(sizes))
        assert sizes[0] > 0


def test_a_report_cut_short_by_an_error_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    with pytest.raises(KeyboardInterrupt), open_report("json", path) as report:
        report.write(PREDICTIONS[0])
        raise KeyboardInterrupt
    assert len(json.loads(path.read_text())) == 1


def test_unknown_formats_are_refused_with_those_there_are() -> None:
    with pytest.raises(ReportError, match=f"known formats: {', '.join(FORMATS)}"):
        open_report("yaml")
    importable = [name for name in FORMATS if name != "parquet" or find_spec("pyarrow")]
    assert all(format_of(name) for name in importable)


def test_without_pyarrow_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ReportError, match="pip install pyarrow"):
        open_report("parquet", "r.parquet")


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no such file or directory"):
        open_report("jsonl", tmp_path / "nowhere" / "r.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", ["jsonl", "table"])
def test_a_full_disk_is_an_error_that_names_the_file(name: str) -> None:
    with (
        pytest.raises(ReportError, match="/dev/full: no space left"),
        open_report(name, "/dev/full") as report,
    ):
        report.write(PREDICTIONS[0])


@pytest.mark.parametrize("name", ["json", "csv", "table", "html"])
def test_what_cannot_be_gone_on_with_is_left_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text("precious")
    with pytest.raises(ReportError, match=f"r: a report in {name} cannot be appended to"):
        open_report(name, path, append=True)
    assert path.read_text() == "precious"


locks = pytest.mark.skipif(sys.platform == "win32", reason="no locks")


@locks
@pytest.mark.parametrize("name", ["table", "json", "jsonl", "csv", "html", "parquet"])
def test_one_scan_at_a_time_writes_a_file(name: str, tmp_path: Path) -> None:
    if name == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / "r"
    with open_report(name, path) as report:
        report.write(PREDICTIONS[0])
        with pytest.raises(ReportError, match="locked by another program, such as another scan"):
            open_report(name, path)
    assert path.stat().st_size
    open_report(name, path).close()


@locks
def test_a_file_that_was_replaced_before_it_was_locked_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.touch()
    with path.open("a") as file:
        path.rename(tmp_path / "old")
        with pytest.raises(BlockingIOError):
            _lock(file.fileno(), path)
        path.touch()
        with pytest.raises(BlockingIOError):
            _lock(file.fileno(), path)


@locks
def test_devices_are_not_locked() -> None:
    with open_report("jsonl", os.devnull), open_report("jsonl", os.devnull) as report:
        report.write(PREDICTIONS[0])


@pytest.mark.parametrize(
    "name",
    [
        "a;=1+1.jpg",
        'a; "=cmd|x".jpg',
        "a;\t@SUM(1).jpg",
        "a;-1",
        "＝1+1",
        "a;＝1",
        "plain;name.jpg",
        "=1;=2",
    ],
)
def test_a_formula_later_in_a_cell_is_no_formula(name: str) -> None:
    text = cell(name)
    for separator in ";,":
        for part in text.split(separator):
            assert not part.strip(" \t\"'").startswith(tuple("=+@-＝")) or part.startswith("'")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_parquet_is_not_written_to_pipes_and_devices(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    os.mkfifo(tmp_path / "pipe.parquet")
    for path in (tmp_path / "pipe.parquet", Path("/dev/null")):
        with pytest.raises(ReportError, match="pipe or a device"):
            open_report("parquet", path)
    assert (tmp_path / "pipe.parquet").is_fifo()


def test_a_closed_standard_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jsonl", "csv", "json", "table"):
        monkeypatch.setattr(sys, "stdout", None)
        with pytest.raises(ReportError, match=r"standard output: is closed; .* -o FILE"):
            open_report(name)
