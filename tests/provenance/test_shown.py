"""Six files that say different things of their origin, through the pipeline and every report."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakeface import Detector, Prediction
from fakeface.cli._app import app
from fakeface.reports import open_report
from tests._models import make_classifier
from tests.provenance import _files as files

pytest.importorskip("c2pa", reason="needs the extra `c2pa`")
from tests.provenance._sign import sign

BEHIND = files.text("parameters", "trainedAlgorithmicMedia c2pa jumb")
SIX = {
    "a-signed.png": ("AI, signed", "AI: Acme Images 2.0 (signed by Acme Images Inc.)", "ai"),
    "b-changed.png": ("broken signature", "broken signature: AI, Acme Images 2.0", None),
    "c-saved-anew.png": ("", "nothing", None),
    "d-comfy.png": ("AI, unsigned", "AI: ComfyUI (unsigned)", "ai"),
    "e-camera.jpg": ("camera, unsigned", "camera: Canon EOS R5 (unsigned)", "camera"),
    "f-behind.png": ("trailing bytes", "nothing; 56 bytes behind the picture ignored", None),
}
"""What each file says: in a few words, in one line, and what that amounts to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("six")
    signed = sign(files.picture())
    contents = {
        "a-signed.png": signed,
        "b-changed.png": files.with_a_pixel_changed(signed),
        "c-saved-anew.png": saved_anew(signed),
        "d-comfy.png": files.comfy_png(),
        "e-camera.jpg": files.camera_jpeg(),
        "f-behind.png": files.picture() + BEHIND,
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("models") / "m")


@pytest.fixture(scope="module")
def detector(model: Path, trust_list: Path) -> Detector:
    return Detector(model, whole=True, trust_list=trust_list)


@pytest.fixture(scope="module")
def predictions(detector: Detector, folder: Path) -> list[Prediction]:
    return list(detector.scan(folder))


@pytest.fixture
def report(
    detector: Detector, predictions: list[Prediction], tmp_path: Path
) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        path = tmp_path / f"report.{name}"
        with open_report(name, path) as out:
            out.describe(detector)
            for prediction in predictions:
                out.write(prediction)
        return path

    return write


def saved_anew(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "PNG")
    return out.getvalue()


def test_predictions(predictions: list[Prediction]) -> None:
    said = [p.provenance for p in predictions if p.provenance]
    assert [(s.label, s.says, s.declared) for s in said] == list(SIX.values())
    assert [Prediction.from_dict(p.as_dict()).provenance for p in predictions] == said


def test_table(report: Callable[[str], Path]) -> None:
    head, *lines = report("table").read_text().splitlines()
    start, end = head.index("says"), head.index("picture")
    shown = {line[end:].rpartition("/")[2]: line[start:end].strip() for line in lines[:6]}
    assert shown == {name: label or "–" for name, (label, _, _) in SIX.items()}
    assert "2 files declare that AI made or changed the picture." in lines


def test_parquet(report: Callable[[str], Path], predictions: list[Prediction]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    rows = pq.read_table(report("parquet")).to_pylist()
    assert [row["says"] for row in rows] == [says for _, says, _ in SIX.values()]
    assert [Prediction.from_dict(row).provenance for row in rows] == [
        p.provenance for p in predictions
    ]


def test_html(report: Callable[[str], Path]) -> None:
    page = report("html").read_text(encoding="utf-8")
    block = re.search(r'id="records">\n(.*?)</script>', page, re.S)
    assert block
    records = [json.loads(line)["said"] for line in block[1].splitlines()]
    assert [(r["label"], r["says"], r["declared"]) for r in records] == list(SIX.values())
    assert records[0]["statements"][0]["trust"] == "trusted"


def test_verdicts_do_not_depend_on_it(model: Path, folder: Path, predictions: Any) -> None:
    without = list(Detector(model, whole=True, provenance=False).scan(folder))
    assert [p.provenance for p in without] == [None] * 6
    for one, other in zip(without, predictions, strict=True):
        assert (one.p_fake, one.verdict, one.settings) == (
            other.p_fake, other.verdict, other.settings,
        )  # fmt: skip


def test_what_is_no_file_says_nothing(detector: Detector) -> None:
    image = Image.open(io.BytesIO(files.comfy_png()))
    assert detector.predict(image).provenance is None
    with_bytes = detector.predict(files.comfy_png()).provenance
    assert with_bytes is not None
    assert with_bytes.declared == "ai"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        app([*map(str, arguments)])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def test_fail_on_declared_ai(
    model: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--model", model, "--whole", "--fail-on", "declared-ai")
    assert run("predict", folder / "d-comfy.png", *options) == 1
    said = capsys.readouterr()
    assert "the file says: png: AI: ComfyUI (unsigned): prompt: portrait of a woman" in said.out
    assert "1 declared AI by the file" in said.err
    assert run("predict", folder / "d-comfy.png", *options, "--no-provenance") == 0
    assert "says" not in capsys.readouterr().out
    assert run("predict", folder / "e-camera.jpg", *options) == 0
    report = tmp_path / "r.jsonl"
    assert run("scan", folder, *options, "-o", report) == 1
    assert run("scan", folder, *options, "--resume", report) == 1  # what it holds counts too


def test_the_explanation_shows_it(detector: Detector, folder: Path) -> None:
    from fakeface.explain._figure import figure

    image = Image.open(folder / "a-signed.png")
    with_said = detector.predict(folder / "a-signed.png")
    without = Prediction.from_dict({**with_said.as_dict(), "provenance": None})
    tall, low = (
        figure(image, prediction, detector.thresholds, "m").height
        for prediction in (with_said, without)
    )
    assert tall > low
