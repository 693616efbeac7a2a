"""HTML reports as files; `test_report_browser` looks at them in a real browser."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from PIL import Image

from fakeface import Box, Detector, Face, Heatmap, Prediction, Verdict
from fakeface.reports import open_report
from tests import _pages
from tests._models import make_cam_classifier
from tests._pages import unseen


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    return Detector(make_cam_classifier(tmp_path_factory.mktemp("models") / "cam", gain=14))


def write(path, predictions, detector=None):
    return _pages.write(path, predictions, detector).read_text(encoding="utf-8")


def block(page, name):
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    return found[1]


def records(page):
    return [json.loads(line) for line in block(page, "records").split("\n") if line]


def test_what_was_judged_is_on_the_page_in_order(detector, samples, tmp_path):
    predictions = list(detector.scan(samples))
    page = write(tmp_path / "r.html", predictions, detector)
    shown = records(page)
    assert [r["name"] for r in shown] == [p.source for p in predictions]
    assert [r["p"] for r in shown] == [p.p_fake for p in predictions]
    assert [len(r["faces"]) for r in shown] == [len(p.faces) for p in predictions]
    for record in shown:
        image = base64.b64decode(record["thumb"])
        assert image.startswith(b"\xff\xd8")
        assert len(image) < 20_000
    about = json.loads(block(page, "about-data"))
    assert about["thresholds"] == {"real": 0.3, "fake": 0.7}
    assert about["fpr"] == 0.05
    assert json.loads(block(page, "end"))["complete"] is True


@pytest.mark.parametrize(
    ("figures", "rates"),
    [
        (unseen(0.49, 0.027), {"tpr": 0.49, "fpr": 0.027, "on": "unseen"}),
        (unseen(7, 0.1), None),
        ({"unseen": {"operating_points": []}}, None),
        (unseen("<b>", 0.1), None),
    ],
)
def test_rates_are_those_on_unseen_origins(tmp_path, figures, rates):
    model = _pages.with_figures(make_cam_classifier(tmp_path / "model"), figures)
    page = write(tmp_path / "r.html", [], Detector(model))
    assert json.loads(block(page, "about-data"))["rates"] == rates


def test_heat_maps_come_back_as_they_were(tmp_path):
    values = np.array([[-19, -8, -1, 0], [0, 1, 8, 19]], np.float32)
    heatmap = Heatmap(values, Box(0, 0, 90, 90), (100, 90), "cam")
    face = Face(Box(10, 10, 60, 60), 0.9, 0.5, Verdict.UNCERTAIN, heatmap)
    prediction = Prediction(
        "x.jpg", "m", verdict=Verdict.UNCERTAIN, p_fake=0.5, faces=(face,), size=(100, 90)
    )
    height, width, data = records(write(tmp_path / "r.html", [prediction]))[0]["faces"][0]["heat"]
    stored = np.frombuffer(base64.b64decode(data), np.int8).reshape(height, width) / 127 * 8
    np.testing.assert_allclose(stored, values.clip(-8, 8), atol=0.04)


def test_the_browser_is_forbidden_every_request_and_every_other_script(tmp_path):
    page = write(tmp_path / "r.html", [])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r'(src|href)="(?!#)', page)


@pytest.mark.parametrize(
    "name",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "{{about}}",
        "a\u2028b\nc",
        "\udcff\udcfe",
    ],
)
def test_names_cannot_leave_their_line(tmp_path, name):
    page = write(tmp_path / "r.html", [Prediction(name, "m", error=f"bad {name}")])
    assert len(re.findall(r"<script\b", page)) == 5
    (record,) = records(page)
    assert record["name"].isprintable()
    assert record["error"].isprintable()
    assert "<" not in block(page, "records")


def test_a_picture_that_changed_since_is_shown_without_preview(detector, samples, tmp_path):
    path = tmp_path / "face.png"
    path.write_bytes((samples / "real" / "astronaut.png").read_bytes())
    prediction = detector.predict(path)
    Image.new("RGB", (9, 9)).save(path)
    assert records(write(tmp_path / "r.html", [prediction]))[0]["thumb"] is None
    path.unlink()
    assert records(write(tmp_path / "s.html", [prediction]))[0]["thumb"] is None


def test_small_faces_are_stored_by_themselves(detector, samples, tmp_path):
    scene = Image.new("RGB", (1500, 1000), (90, 120, 80))
    portrait = Image.open(samples / "real" / "astronaut.png").convert("RGB")
    scene.paste(portrait, (500, 300))
    scene.save(tmp_path / "scene.jpg", quality=95)
    large = samples / "ai" / "p001-studio.jpg"
    predictions = list(detector.predict_batch([tmp_path / "scene.jpg", large]))
    scene_record, large_record = records(write(tmp_path / "r.html", predictions, detector))
    tile = base64.b64decode(scene_record["faces"][0]["tile"])
    assert tile.startswith(b"\xff\xd8")
    assert large_record["faces"][0]["tile"] is None


def test_a_scan_that_was_stopped_says_so(tmp_path):
    path = tmp_path / "r.html"
    with pytest.raises(KeyboardInterrupt), open_report("html", path) as report:
        report.write(Prediction("a.jpg", "m", error="is empty"))
        raise KeyboardInterrupt
    page = path.read_text(encoding="utf-8")
    assert json.loads(block(page, "end"))["complete"] is False
    assert len(records(page)) == 1


def test_records_are_on_disk_before_the_end(tmp_path):
    path = tmp_path / "r.html"
    with open_report("html", path) as report:
        for number in range(40):
            report.write(Prediction(f"{number}.jpg", "m", error="is empty"))
        written = path.read_text(encoding="utf-8")
    assert written.count('"error":"is empty"') >= 40 - 17


def test_a_long_scan_stays_small(detector, samples, tmp_path, monkeypatch):
    monkeypatch.setattr("fakeface.reports._html._FIRST", 1)
    prediction = detector.predict(samples / "ai" / "p002-selfie.jpg")
    first, second = records(write(tmp_path / "r.html", [prediction] * 2, detector))
    assert len(second["thumb"]) < 8_000 < len(first["thumb"])
    assert len(json.dumps(second)) < 15_000
