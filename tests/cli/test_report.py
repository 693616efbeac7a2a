"""`fakeface report`: reports from earlier results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from fakeface import Detector
from fakeface.cli._app import app
from tests._models import make_classifier
from tests._pages import write


@pytest.fixture(scope="module")
def scans(tmp_path_factory, samples):
    """Results of two models on the same pictures."""
    folder = tmp_path_factory.mktemp("scans")
    for name, gain in (("first", 12.0), ("second", 4.0)):
        detector = Detector(make_classifier(folder / name, gain=gain))
        write(folder / f"{name}.jsonl", detector.scan(samples))
    return folder


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["report", *map(str, words)])
    return result.exit_code, result.output


def block(path: Path, name: str) -> list:
    page = path.read_text(encoding="utf-8")
    found = re.search(rf'id="{name}">(.*?)</script>', page[page.index("<body>") :], re.S)
    return [json.loads(line) for line in found[1].split("\n") if line]


def test_a_report_is_made_without_a_scan(scans, tmp_path):
    out = tmp_path / "r.html"
    code, said = run(scans / "first.jsonl", "-o", out, "--model", scans / "first")
    assert code == 0, said
    records = block(out, "records")
    lines = (scans / "first.jsonl").read_text().splitlines()
    assert [record["p"] for record in records] == [json.loads(line)["p_fake"] for line in lines]
    assert all(record["thumb"] for record in records)
    (about,) = block(out, "about-data")
    assert about["model"] == "first 1.0.0"
    assert about["thresholds"] == {"real": 0.3, "fake": 0.7}
    assert block(out, "end")[0]["complete"]


def test_the_thresholds_of_an_unknown_model_are_not_made_up(scans, tmp_path):
    out = tmp_path / "r.html"
    assert run(scans / "first.jsonl", "-o", out)[0] == 0
    (about,) = block(out, "about-data")
    assert about["model"] == "first"
    assert about["thresholds"] is None


def test_two_scans_are_compared(scans, tmp_path):
    out = tmp_path / "r.html"
    second = scans / "second.jsonl"
    assert run("--compare", scans / "first.jsonl", second, "-o", out)[0] == 0
    records = block(out, "records")
    assert all(record["before"]["same"] for record in records)
    assert any(r["before"]["p"] not in (None, r["p"]) for r in records)
    lines = second.read_text().splitlines(keepends=True)
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("".join(lines[1:]))
    assert run("--compare", scans / "first.jsonl", fewer, "-o", out, "--overwrite")[0] == 0
    (end,) = block(out, "end")
    assert [gone["name"] for gone in end["only_before"]] == [json.loads(lines[0])["source"]]


def test_pictures_that_are_gone_or_changed_are_counted(tmp_path):
    model = make_classifier(tmp_path / "model")
    names = ["gone.png", "changed.png", "here.png"]
    for at, name in enumerate(names):
        Image.new("RGB", (90, 90), (at, 0, 0)).save(tmp_path / name)
    predictions = Detector(model).predict_batch([tmp_path / name for name in names])
    results = write(tmp_path / "r.jsonl", predictions)
    (tmp_path / "gone.png").unlink()
    Image.new("RGB", (9, 9)).save(tmp_path / "changed.png")
    code, said = run(results, "-o", tmp_path / "r.html")
    assert code == 0
    assert "2 pictures are shown without a preview: 1 not found, 1 changed since" in said
    assert [r["gone"] for r in block(tmp_path / "r.html", "records")] == [
        "missing",
        "changed",
        None,
    ]


def test_results_are_merged_and_converted(scans, tmp_path):
    out = tmp_path / "all.csv"
    code, said = run(scans / "first.jsonl", scans / "second.jsonl", "-o", out)
    assert code == 0
    assert "10 pictures are in several of the files" in said
    assert out.read_text().count("second") == 10


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--compare", "first.jsonl", "-o", "x.html"], "--compare takes two files"),
        (["--compare", "first.jsonl", "second.jsonl", "-o", "x.csv"], "makes html reports"),
        (["first.jsonl", "-o", "first.jsonl", "--overwrite"], "one of the files to read"),
        (["none.jsonl", "-o", "x.html"], "none.jsonl: no such file"),
        (["first/model.onnx", "-o", "x.html"], "is not a file of results"),
        (["first.jsonl", "-o", "x.html", "--model", "nowhere"], "is neither a directory"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_written(scans, tmp_path, words, why):
    out = tmp_path / "x.html"
    there = {"x.html": out, "x.csv": tmp_path / "x.csv"}
    named = [there.get(w, scans / w) if "." in w or w == "first/model.onnx" else w for w in words]
    code, said = run(*named)
    assert code == 2
    assert why in said
    assert not out.exists()
