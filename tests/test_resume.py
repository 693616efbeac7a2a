from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakeface import ImageError, Prediction, ReportError, Verdict
from fakeface._read import digest
from fakeface._resume import Earlier
from fakeface.reports import format_of, open_report

NOW = "5e77"
"""The settings of the scan that goes on."""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a", "b", "c\udcff\n"):
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
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


def go_on(report: Path, files: list[str]) -> tuple[Earlier, list[str]]:
    earlier = Earlier(format_of(report.suffix[1:]), report, NOW)
    return earlier, list(map(str, earlier.remaining(files)))


formats = pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])


@formats
def test_unchanged_pictures_are_left_out_whatever_their_names(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
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


@formats
def test_what_changed_is_judged_again_and_supersedes(
    suffix: str, tmp_path: Path, files: list[str]
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    report = tmp_path / f"r.{suffix}"
    write(report, of(files[0]), of(files[1], "0ther"), of(files[2], verdict=None, error="broken"))
    Path(files[0]).write_bytes(b"new")
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
    earlier = Earlier(format_of("jsonl"), report, NOW)
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
