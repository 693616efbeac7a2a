from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fakeface import ImageError, Prediction, ReportError, Verdict
from fakeface.cli._app import app
from fakeface.images._read import digest
from fakeface.reports import PreviousScan, open_report
from fakeface.reports._tally import Tally
from fakeface.types import Provenance, Statement
from tests import _pages
from tests._models import make_classifier

NOW = "5e77"
"""The settings of the scan that goes on."""

SAID = Provenance((Statement("png", "ai", tool="ComfyUI"),))

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
                      "size": (3, 4), "settings": settings, **other},
    )  # type: ignore[arg-type]  # fmt: skip


def write(report: Path, *predictions: Prediction, append: bool = False) -> None:
    _pages.write(report, predictions, append=append)


def go_on(report: Path, files: list[str]) -> tuple[PreviousScan, list[str]]:
    earlier = PreviousScan(report, NOW)
    return earlier, list(map(str, earlier.remaining(files)))


def test_unchanged_pictures_are_left_out_whatever_their_names(
    tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[2], verdict=Verdict.FAKE, provenance=SAID))
    kept = Tally()
    earlier = PreviousScan(report, NOW)
    remaining = list(earlier.remaining(files, kept.count))
    assert remaining == [files[1]]
    assert (kept.counts, kept.declared_ai) == ({"real": 1, "fake": 1}, 1)
    write(report, of(files[1]), append=True)
    earlier.tidy()
    earlier, remaining = go_on(report, files)
    assert remaining == []


def test_what_changed_is_judged_again_and_supersedes(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[1], "0ther"), of(files[2], verdict=None, error="broken"))
    Path(files[0]).write_bytes(JPEG + b"new")
    earlier, remaining = go_on(report, files)
    assert remaining == files
    write(report, *(of(file) for file in files), append=True)
    earlier.tidy()
    earlier, remaining = go_on(report, files)
    assert remaining == []
    assert len(report.read_bytes().splitlines()) == 3
    assert not list(tmp_path.glob("*.new"))


def test_a_file_cut_off_anywhere_is_gone_on_with(tmp_path: Path, files: list[str]) -> None:
    """What a kill -9 leaves behind, at every length."""
    report = tmp_path / "r.jsonl"
    write(report, *(of(file) for file in files))
    whole = report.read_bytes()
    for length in range(len(whole)):
        report.write_bytes(whole[:length])
        earlier, remaining = go_on(report, files)
        write(report, *(of(file) for file in remaining), append=True)
        earlier.tidy()
        assert report.read_bytes() == whole


def test_what_is_unreadable_now_is_passed_on(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, *(of(file) for file in files))
    Path(files[0]).unlink()
    locked = ImageError(files[1], "folder not read: permission denied")
    earlier = PreviousScan(report, NOW)
    assert list(earlier.remaining([files[0], locked, files[2]])) == [files[0], locked]


def test_a_folder_that_can_be_listed_again_is_no_error_any_more(
    tmp_path: Path, files: list[str]
) -> None:
    report, folder = tmp_path / "r.jsonl", str(Path(files[0]).parent)
    failed = Prediction(folder, "m", error="folder not read: permission denied")
    write(report, failed, of(files[0]))
    earlier, remaining = go_on(report, files[:1])
    assert remaining == []
    earlier.tidy()
    assert [r["source"] for r in map(json.loads, report.read_text().splitlines())] == files[:1]
    write(report, failed, append=True)
    earlier = PreviousScan(report, NOW)
    again = ImageError(folder, "folder not read: permission denied")
    assert list(earlier.remaining([again])) == [again]
    earlier.tidy()
    assert len(report.read_text().splitlines()) == 2


def test_what_files_say_is_read_where_it_was_not(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[1], provenance=Provenance()))
    earlier = PreviousScan(report, NOW, provenance=True)
    assert list(earlier.remaining(files[:2])) == files[:1]
    assert list(PreviousScan(report, NOW).remaining(files[:2])) == []


def test_there_may_be_nothing_yet(tmp_path: Path, files: list[str]) -> None:
    earlier, remaining = go_on(tmp_path / "r.jsonl", files)
    assert remaining == files
    earlier.tidy()


@pytest.mark.parametrize(
    "text",
    [
        "a poem\nof two lines\n",
        '{"source": "a"}\n',
        '[{"my":"precious data"}]',
        '{"source": "a"}',
        '{"source": "a", "size": 7',
        "\0" * 9,
        "RECORD, and what I think of it",
    ],
)
def test_a_file_of_something_else_is_refused_untouched(
    text: str, tmp_path: Path, files: list[str]
) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]))
    text = text.replace("RECORD", report.read_text())
    report.write_text(text)
    with pytest.raises(ReportError, match="is not a result"):
        go_on(report, files)
    assert report.read_text() == text


def test_records_of_pictures_that_are_gone_stay(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[1], "0ther"))
    earlier, remaining = go_on(report, files[1:2])
    write(report, of(remaining[0]), append=True)
    earlier.tidy()
    sources = [json.loads(line)["source"] for line in report.read_text().splitlines()]
    assert sources == [files[0], files[1]]


def test_names_that_look_alike_when_escaped_are_not_confused(tmp_path: Path) -> None:
    report = tmp_path / "r.jsonl"
    files = [str(tmp_path / name) for name in ("a\udcff.jpg", r"a\udcff.jpg")]
    for file in files:
        Path(file).write_bytes(JPEG)
    write(report, of(files[0]))
    assert go_on(report, files)[1] == files[1:]
    write(report, of(files[1], verdict=Verdict.FAKE), append=True)
    assert go_on(report, files)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="no locks")
def test_a_second_scan_is_kept_out_while_one_goes_on(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]))
    go_on(report, files)
    with open_report("jsonl", report, append=True) as first:
        first.write(of(files[1]))
        with pytest.raises(ReportError, match="locked by another program"):
            go_on(report, files)
        with pytest.raises(ReportError, match="locked by another program"):
            open_report("jsonl", report, append=True)
        first.write(of(files[2]))
    assert go_on(report, files)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="has neither such modes nor such links")
def test_the_file_stays_what_it_was(tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, report = tmp_path / "elsewhere" / "r.jsonl", tmp_path / "r.jsonl"
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
    assert summary.startswith("fakeface: 1 new picture in ")


def test_rows_without_provenance_are_gone_on_with(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    added = ("says", "provenance", "frames", "frame")
    record = {key: v for key, v in of(files[0]).as_dict().items() if key not in added}
    report.write_text(json.dumps(record) + "\n")
    assert go_on(report, files)[1] == files[1:]


def test_a_name_in_a_form_of_its_own_is_understood(tmp_path: Path) -> None:
    """As Python writes names that are not UTF-8: with lone surrogates."""
    report, file = tmp_path / "r.jsonl", str(tmp_path / "M\udcfcller.jpg")
    Path(file).write_bytes(JPEG)
    report.write_text(json.dumps(of(file).as_dict()) + "\n")
    assert go_on(report, [file])[1] == []


def test_an_editor_may_have_left_out_the_last_line_end(tmp_path: Path, files: list[str]) -> None:
    report = tmp_path / "r.jsonl"
    write(report, of(files[0]), of(files[1]))
    whole = report.read_bytes()
    report.write_bytes(whole[:-1])
    assert go_on(report, files)[1] == files[2:]
    assert report.read_bytes() == whole


def test_a_picture_is_the_same_however_its_path_is_spelled(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report, name = tmp_path / "r.jsonl", Path(files[0]).name
    spellings = [
        f"pictures/{name}",
        f"./pictures/{name}",
        f"pictures//{name}",
        f"pictures/../pictures/{name}",
        files[0],
    ]
    write(report, of(spellings[0]))
    for spelling in spellings:
        assert go_on(report, [spelling])[1] == []
    monkeypatch.chdir("pictures")
    assert go_on(report, [name])[1] == [name]  # another folder, so another name
    monkeypatch.chdir(tmp_path)
    Path(files[0]).write_bytes(JPEG + b"new")
    earlier, remaining = go_on(report, spellings[1:])
    assert remaining == spellings[1:]
    write(report, *map(of, remaining), append=True)
    earlier.tidy()
    (line,) = report.read_text().splitlines()
    assert json.loads(line)["source"] == files[0]


def test_a_link_to_a_picture_has_a_result_of_its_own(tmp_path: Path, files: list[str]) -> None:
    report, link = tmp_path / "r.jsonl", Path(f"{files[0]}.link")
    link.symlink_to(files[0])
    write(report, of(files[0]))
    assert go_on(report, [str(link)])[1] == [str(link)]
