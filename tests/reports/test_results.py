"""Reading results of earlier scans, and telling two of them apart."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fakeface import Prediction, ReportError, Verdict
from fakeface.reports import EarlierScans, read_results
from fakeface.reports._results import Before
from fakeface.types import Provenance, Statement
from tests._pages import judged, write

RESULTS = [
    replace(
        judged("a\udcff\n.jpg", 0.9, Verdict.FAKE),
        digest="00" * 16,
        provenance=Provenance((Statement("c2pa", "ai", "trusted", "Acme"),), ("odd",), 3),
        frames=1,
        frame=0,
    ),
    Prediction("b.jpg", "m", error="is empty", settings="5e771265"),
    Prediction("c.jpg", "m", verdict=Verdict.NO_FACE, size=(9, 9)),
]


@pytest.mark.parametrize("name", ["jsonl", "json", "parquet"])
def test_what_was_written_is_read_back(tmp_path, name):
    if name == "parquet":
        pytest.importorskip("pyarrow")
    path = write(tmp_path / "results", RESULTS, name=name)  # recognised by content
    assert list(read_results(path)) == RESULTS
    assert list(read_results(write(tmp_path / "none", [], name=name))) == []


@pytest.mark.parametrize("name", ["jsonl", "json"])
def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path, name):
    path = write(tmp_path / "r", RESULTS, name=name)
    part = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(part)
    assert list(read_results(path)) == RESULTS
    if name == "jsonl":  # several files may be put together
        path.write_bytes(part + part)
        assert list(read_results(path)) == RESULTS * 2
    path.write_bytes(b"\xef\xbb\xbf")
    assert list(read_results(path)) == []


def test_another_encoding_is_named(tmp_path):
    for encoding, line in (("cp1252", 2), ("utf-16", 1)):
        path = write(tmp_path / "r.jsonl", [RESULTS[1], replace(RESULTS[2], source="é.jpg")])
        path.write_bytes(path.read_text("utf-8").encode(encoding))
        with pytest.raises(ReportError, match=f"line {line} .*not UTF-8, which -o FILE writes"):
            list(read_results(path))


GOOD = judged("a.jpg", 0.5, Verdict.UNCERTAIN).as_dict()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"source": 3}, "'source' is no text"),
        ({"p_fake": 2}, "'p_fake' must be 0 to 1"),
        ({"p_fake": "<b>"}, "'p_fake' must be 0 to 1"),
        ({"p_fake": float("nan")}, "'p_fake' must be 0 to 1"),
        ({"verdict": "maybe"}, "'maybe' is not a valid Verdict"),
        ({"verdict": None}, "either a verdict or an error"),
        ({"size": [1]}, "'size' must be two whole numbers"),
        ({"size": [1, "2"]}, "'size' must be two whole numbers"),
        ({"size": None}, "no size"),
        ({"digest": "zz"}, "line 1 is not a result"),
        ({"faces": 3}, "line 1 is not a result"),
        ({"faces": [{**GOOD["faces"][0], "box": [1, 2, 3, "4"]}]}, "something else than numbers"),
        ({"faces": [{**GOOD["faces"][0], "box": [1, 2, 0, 4]}]}, "line 1 is not a result"),
        ({"provenance": {"statements": [{"kind": 1}], "problems": [], "trailing": 0}}, "texts"),
        ({"provenance": {"statements": [], "problems": [], "trailing": -1}}, "'trailing'"),
        ({"provenance": [1]}, "line 1 is not a result"),
        ({"frames": "3"}, "'frames' is no whole number"),
    ],
)
def test_a_record_that_says_what_cannot_be_is_named(tmp_path, changed, why):
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(GOOD | changed) + "\n")
    with pytest.raises(ReportError, match="line 1") as raised:
        list(read_results(path))
    assert str(raised.value).startswith(str(path))
    assert why in str(raised.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"source,verdict\n", "is not a file of results; name the jsonl, json or parquet file"),
        (b"\xff\xd8\xff\xe0JFIF", "is not a file of results"),
        (b"[{]", "is not complete JSON"),
        (b"[1]", "record 1 is not a result of fakeface"),
        (b'{"a": 1}\n', "line 1 is not a result of fakeface"),
        (json.dumps(GOOD).encode() + b"\n{oops}\n", "line 2 is not a result of fakeface"),
        (json.dumps(GOOD).encode() + b'\n{"other": tru', "line 2 is not a result of fakeface"),
        (b"[" * 100_000, "is not complete JSON"),
        (b"{" + b'"a":[' * 100_000 + b"\n", "line 1 is not a result of fakeface"),
        (b"PAR1 and nothing else", "is not a Parquet file"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path, content, why):
    if content.startswith(b"PAR1"):
        pytest.importorskip("pyarrow")
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ReportError) as raised:
        EarlierScans([path])
    assert str(raised.value).startswith(str(path))
    assert why in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ReportError, match="no such file"):
        EarlierScans([tmp_path / "none.jsonl"])


def test_several_files_are_merged_and_the_last_result_counts(tmp_path):
    other = [judged("c.jpg", 0.2, Verdict.REAL), judged("d.jpg", 0.3, Verdict.REAL)]
    first = write(tmp_path / "1.jsonl", [*RESULTS, RESULTS[1]])
    scans = EarlierScans([first, write(tmp_path / "2.jsonl", other)])
    assert len(scans) == 4
    assert scans.repeated == 1
    assert [p.source for p in scans] == [p.source for p in (RESULTS[0], RESULTS[1], *other)]
    assert list(scans) == list(scans)


def test_names_are_of_one_picture_however_they_are_spelled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["p/a.jpg", "./p/a.jpg", f"{tmp_path}/p/a.jpg", f"p//../../{tmp_path.name}/p/a.jpg"]
    paths = [
        write(tmp_path / f"{at}.jsonl", [judged(name, 0.2, Verdict.REAL)])
        for at, name in enumerate(names)
    ]
    scans = EarlierScans(paths)
    assert [prediction.source for prediction in scans] == names[-1:]
    assert scans.repeated == 1
    monkeypatch.chdir("/")
    assert len(EarlierScans(paths)) == 3
    odd = ["a\0b", "a/" * 100_000, "a/" * 100_000 + "b", "", "..", ".", "s3://bucket/a.jpg"]
    scans = [Prediction(name, "m", error="is empty") for name in odd]
    # "", "." and ".." are all the root here
    assert len(EarlierScans([write(tmp_path / "odd.jsonl", scans)])) == len(odd) - 2


def test_pictures_are_found_again_by_name_or_bytes():
    one, two = (replace(RESULTS[0], source=name, digest=name * 32) for name in "12")
    before = Before([one, two, RESULTS[1]])
    assert before.of(replace(one, digest="3" * 32)) == one
    assert before.of(replace(two, source="moved")) == two
    assert before.of(RESULTS[2]) is None
    assert before.of(replace(one, source="./1")) == one
    assert list(before.left()) == [RESULTS[1]]


@pytest.mark.parametrize("name", ["jsonl", "json", "parquet"])
def test_files_in_which_the_finder_s_confidence_is_called_score_are_read(tmp_path, name):
    pa = pytest.importorskip("pyarrow") if name == "parquet" else None
    path = write(tmp_path / f"r.{name}", RESULTS)
    if pa is None:
        path.write_text(path.read_text().replace('"detection_score": ', '"score": '))
    else:
        pq = pytest.importorskip("pyarrow.parquet")
        rows = pq.read_table(path).to_pylist()
        for face in [face for row in rows for face in row["faces"]]:
            face["score"] = face.pop("detection_score")
        pq.write_table(pa.Table.from_pylist(rows), path)
    assert list(read_results(path)) == RESULTS
