from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from fakeface import ImageError, Prediction, ReportError, Verdict
from fakeface.cli._app import app
from fakeface.images._read import digest
from fakeface.reports import format_of, open_report
from fakeface.reports._resume import PreviousScan
from fakeface.types import Provenance, Statement
from tests._models import make_classifier

NOW = "5e77"
"""The settings of the scan that goes on."""

JPEG = b"\xff\xd8\xff"
"""What shows that a file is a picture."""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a", "b", "c\udcff\n"):
        (folder / name).write_bytes(JPEG + name.encode("utf-8", "surrogateescape"))
    return sorted(map(str, folder.iterdir()))


def of(path: str, settings: str = NOW, **other: object) -> Prediction:
    data = Path(path).read_bytes()
    return Prediction(
        path, "m", **{"verdict": Verdict.REAL, "p_fake": 0.25, "digest": digest(data),
                      "settings": settings, **other},
    )  # type: ignore[arg-type]  # fmt: skip


def write(report: Path, *predictions: Prediction, append: bool = False) -> None:
    with open_report(report.suffix[1:], report, append=append) as out:
        for prediction in predictions:
            out.write(prediction)


def go_on(report: Path, files: list[str]) -> tuple[PreviousScan, list[str]]:
    earlier = PreviousScan(format_of(report.suffix[1:]), report, NOW)
    return earlier, list(map(str, earlier.remaining(files)))


@pytest.fixture(params=["jsonl", "csv", "parquet"])
def suffix(request: pytest.FixtureRequest) -> str:
    """The formats that can be gone on with, as files' names end."""
    ending: str = request.param
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    return ending


def test_unchanged_pictures_are_left_out_whatever_their_names(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / f"r.{suffix}"
    write(report, of(files[0]), of(files[2], verdict=Verdict.FAKE))
    earlier, remaining = go_on(report, files)
    assert remaining == [files[1]]
    assert earlier.kept == {"real": 1, "fake": 1}
    write(report, of(files[1]), append=True)
    earlier.tidy()
    earlier, remaining = go_on(report, files)
    assert remaining == []
    assert len(earlier) == 3


def test_what_changed_is_judged_again_and_supersedes(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / f"r.{suffix}"
    write(report, of(files[0]), of(files[1], "0ther"), of(files[2], verdict=None, error="broken"))
    Path(files[0]).write_bytes(JPEG + b"new")
    earlier, remaining = go_on(report, files)
    assert remaining == files
    write(report, *(of(file) for file in files), append=True)
    earlier.tidy()
    earlier, remaining = go_on(report, files)
    assert remaining == []
    assert len(earlier) == 3
    if suffix == "jsonl":
        assert len(report.read_bytes().splitlines()) == 3
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_cut_off_anywhere_is_gone_on_with(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    """What a kill -9 leaves behind, at every length."""
    report = tmp_path / f"r.{suffix}"
    write(report, *(of(file) for file in files))
    whole = report.read_bytes()
    for length in range(len(whole)):
        report.write_bytes(whole[:length])
        earlier, remaining = go_on(report, files)
        write(report, *(of(file) for file in remaining), append=True)
        earlier.tidy()
        assert report.read_bytes() == whole


def test_a_parquet_scan_that_was_killed_goes_on_from_its_journal(
    tmp_path: Path, files: list[str]
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    report = tmp_path / "r.parquet"
    write(report, of(files[0]))
    go_on(report, files)  # a scan went on, and
    out = open_report("parquet", report, append=True)
    out.write(of(files[1]))  # was killed here
    del out
    assert pq.read_table(report).num_rows == 1
    assert format_of("parquet").exists(report)
    earlier, remaining = go_on(report, files)
    assert remaining == [files[2]]
    write(report, of(files[2]), append=True)
    earlier.tidy()
    assert pq.read_table(report).num_rows == 3


def test_what_is_unreadable_now_is_passed_on(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, *(of(file) for file in files))
    Path(files[0]).unlink()
    locked = ImageError(files[1], "folder not read: permission denied")
    earlier = PreviousScan(format_of("jsonl"), report, NOW)
    assert list(earlier.remaining([files[0], locked, files[2]])) == [files[0], locked]


def test_there_may_be_nothing_yet(tmp_path: Path, files: list[str]) -> None:
    earlier, remaining = go_on(tmp_path / "r.jsonl", files)
    assert remaining == files
    earlier.tidy()


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
@pytest.mark.parametrize("text", ["a poem\nof two lines\n", '{"source": "a"}\n', "[]\n[]\n"])
def test_a_file_of_something_else_is_refused_untouched(
    suffix: str, text: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / f"r.{suffix}"
    report.write_text(text)
    with pytest.raises(ReportError, match="line 1 is not a record"):
        go_on(report, files)
    assert report.read_text() == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.jsonl", '[{"my":"precious data"}]'),
        ("r.jsonl", '{"source": "a"}'),
        ("r.jsonl", '{"source": "a", "size": 7'),
        ("r.jsonl", "\0" * 9),
        ("r.jsonl", "RECORD, and what I think of it"),
        ("r.csv", "a,b,c"),
        ("r.csv", "source,size"),
    ],
)
def test_something_else_on_one_line_without_an_end_is_no_unfinished_record(
    name: str, text: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / name
    write(report, of(files[0]))
    text = text.replace("RECORD", report.read_text())
    report.write_text(text)
    with pytest.raises(ReportError, match="is not a record"):
        go_on(report, files)
    assert report.read_text() == text


@pytest.mark.parametrize(
    "change",
    [{"source": None}, {"verdict": "maybe"}, {"verdict": [1]}, {"digest": "?"}, {"digest": 1}],
)
def test_records_with_wrong_values_are_refused(
    change: dict[str, object], tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / "r.jsonl"
    report.write_text(json.dumps(of(files[0]).as_dict() | change) + "\n")
    with pytest.raises(ReportError, match="line 1 is not a record"):
        go_on(report, files)


def test_a_parquet_file_of_something_else_is_refused_untouched(
    tmp_path: Path, files: list[str]
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    report = tmp_path / "r.parquet"
    write(report, of(files[0]))
    ours = pq.read_table(report)
    now = [datetime.now(timezone.utc)]
    (tmp_path / "other").mkdir()
    report = tmp_path / "other" / "r.parquet"
    for table, reason in (
        (pa.table({"t": now}), r"r.parquet: has other columns.*\(digest, .*, t, verdict\)"),
        (pa.table({"t": [1]}), "r.parquet: has other columns"),
        (ours.append_column("mine", pa.array(now)), r"r.parquet: has other columns.*\(mine\)"),
        (ours.drop_columns("size"), r"r.parquet: has other columns.*\(size\)"),
        (_with(ours, "p_fake", ["much"]), "r.parquet: is not a Parquet file of fakeface"),
        (_with(ours, "source", [None]), "r.parquet: row 1 is not a record"),
    ):
        pq.write_table(table, report)
        before = report.read_bytes()
        with pytest.raises(ReportError, match=reason):
            go_on(report, files)
        assert report.read_bytes() == before
        assert list(report.parent.iterdir()) == [report]


def _with(table: Any, name: str, values: list[object]) -> Any:
    """A table with another column in place of one, of whatever type its values have."""
    return table.set_column(table.column_names.index(name), name, [values])


def test_a_parquet_file_that_pandas_wrote_anew_is_gone_on_with(
    tmp_path: Path, files: list[str]
) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    report = tmp_path / "r.parquet"
    write(report, *(of(file, size=(3, 4)) for file in files[:2]))
    pandas.read_parquet(report).to_parquet(report)
    assert go_on(report, files)[1] == files[2:]


def test_something_else_that_is_no_parquet_is_refused(tmp_path: Path, files: list[str]) -> None:
    pytest.importorskip("pyarrow")
    report = tmp_path / "r.parquet"
    report.write_text("a poem")
    with pytest.raises(ReportError, match="is not a Parquet file"):
        go_on(report, files)


def test_records_of_pictures_that_are_gone_stay(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[1], "0ther"))
    earlier, remaining = go_on(report, files[1:2])
    write(report, of(remaining[0]), append=True)
    earlier.tidy()
    sources = [json.loads(line)["source"] for line in report.read_text().splitlines()]
    assert sources == [files[0], files[1]]


def test_names_that_look_alike_when_escaped_are_not_confused(suffix: str, tmp_path: Path) -> None:
    report = tmp_path / f"r.{suffix}"
    files = [str(tmp_path / name) for name in ("a\udcff.jpg", r"a\udcff.jpg")]
    for file in files:
        Path(file).write_bytes(JPEG)
    write(report, of(files[0]))
    assert go_on(report, files)[1] == files[1:]
    write(report, of(files[1], verdict=Verdict.FAKE), append=True)
    earlier, remaining = go_on(report, files)
    assert remaining == []
    assert earlier.kept == {"real": 1, "fake": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="no locks")
def test_a_second_scan_is_kept_out_while_one_goes_on(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / f"r.{suffix}"
    write(report, of(files[0]))
    go_on(report, files)
    with open_report(suffix, report, append=True) as first:
        first.write(of(files[1]))
        with pytest.raises(ReportError, match="locked by another program"):
            go_on(report, files)
        with pytest.raises(ReportError, match="locked by another program"):
            open_report(suffix, report, append=True)
        first.write(of(files[2]))
    assert go_on(report, files)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="has neither such modes nor such links")
def test_the_file_stays_what_it_was(suffix: str, tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, report = tmp_path / "elsewhere" / f"r.{suffix}", tmp_path / f"r.{suffix}"
    users = [Path(f"{path}.new") for path in (target, report)]
    for path in users:
        path.write_text("precious")
    write(target, of(files[0], "0ther"))
    target.chmod(0o600)
    report.symlink_to(target)
    earlier, _ = go_on(report, files)
    write(report, *(of(file) for file in files), append=True)
    earlier.tidy()
    assert go_on(target, files)[1] == []
    assert report.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.read_text() for path in users] == ["precious"] * 2


def test_a_file_that_cannot_be_written_anew_keeps_all_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without permission, in which a file can be written and not replaced."""
    model = str(make_classifier(tmp_path / "red"))
    report, broken = tmp_path / "r.jsonl", tmp_path / "in" / "a.jpg"
    broken.parent.mkdir()
    broken.write_bytes(JPEG)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(sys, "argv", ["fakeface"])
    for count in (1, 2):
        with pytest.raises(SystemExit) as ended:
            app(["scan", "--model", model, str(broken.parent), "--resume", str(report)])
        assert ended.value.code == 3
        assert len(report.read_text().splitlines()) == count
    *_, warning, summary = capsys.readouterr().err.splitlines()
    assert warning.endswith("r.jsonl: permission denied; superseded records stay in it")
    assert summary.startswith("fakeface: 1 picture in ")


def as_version_0_1_wrote_it(report: Path) -> None:
    """Take away what this version added to a report."""
    added = ("says", "provenance", "frames", "frame")
    if report.suffix == ".csv":
        lines = report.read_text().splitlines()
        report.write_text("".join(line.rsplit(",", 4)[0] + "\n" for line in lines))
    elif report.suffix == ".jsonl":
        records = map(json.loads, report.read_text().splitlines())
        kept = [{k: v for k, v in record.items() if k not in added} for record in records]
        report.write_text("".join(json.dumps(record) + "\n" for record in kept))
    else:
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pq.read_table(report).drop_columns(list(added)), report)


def test_rows_without_provenance_are_gone_on_with(
    tmp_path: Path, files: list[str], suffix: str
) -> None:
    old, new = tmp_path / f"old.{suffix}", tmp_path / f"new.{suffix}"
    said = Provenance((Statement("png", "ai", tool="ComfyUI"),))
    write(new, of(files[0]), of(files[1], provenance=said))
    write(old, of(files[0]))
    as_version_0_1_wrote_it(old)
    earlier, left = go_on(old, files)
    assert (left, earlier.kept_declared_ai) == (files[1:], 0)
    write(old, of(files[1], provenance=said), append=True)
    if suffix == "csv":  # its rows have the new columns now
        assert old.read_bytes() == new.read_bytes()
    earlier, left = go_on(old, files)
    assert (left, earlier.kept_declared_ai) == (files[2:], 1)


def test_an_unfinished_row_of_an_older_csv_is_dropped(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.csv"
    write(report, of(files[0]))
    as_version_0_1_wrote_it(report)
    report.write_text(report.read_text() + "pictures/b,rea")
    assert go_on(report, files)[1] == files[1:]
    write(report, of(files[1]), append=True)
    assert go_on(report, files)[1] == files[2:]
