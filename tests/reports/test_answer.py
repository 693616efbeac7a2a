"""One picture: its answer fills the first screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from fakeface import Detector, Prediction, Verdict
from fakeface.types import Provenance, Statement
from tests._models import make_cam_classifier
from tests._pages import check_accessible, judged, needs_chromium, unseen, with_figures, write

pytestmark = needs_chromium

OUTCOMES = {
    "fake": (judged("a.jpg", 0.9, Verdict.FAKE), "Flagged: looks AI-made"),
    "uncertain": (judged("a.jpg", 0.5, Verdict.UNCERTAIN), "Unsure: a photograph or AI"),
    "real": (judged("a.jpg", 0.1, Verdict.REAL), "Not flagged: no sign of AI"),
    "too_small": (judged("a.jpg", None, Verdict.TOO_SMALL), "Too small to judge"),
    "no_face": (
        Prediction("a.jpg", "m", verdict=Verdict.NO_FACE, size=(9, 9)),
        "No face: nothing was judged",
    ),
    "error": (
        Prediction("a.jpg", "m", error="is <b>empty</b>"),
        "Not readable: nothing was judged",
    ),
}


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """One whose figures are known."""
    model = make_cam_classifier(tmp_path_factory.mktemp("answer") / "model", gain=14)
    return Detector(with_figures(model, unseen(0.4, 0.03)), whole=True)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_headline_says_what_happened(opened, detector, tmp_path, outcome):
    prediction, headline = OUTCOMES[outcome]
    page = opened(write(tmp_path / "r.html", [prediction], detector))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator("h1").inner_text() == headline
    assert page.title().startswith(headline)
    for hidden in ("#overview", "#tools", "#grid", "#empty", "#unreadable"):
        assert page.locator(hidden).is_hidden()
    scale = page.locator(".scored")
    assert scale.count() == (prediction.p_fake is not None)
    if scale.count():
        assert "unsure from 0.30 to 0.70" in scale.get_attribute("aria-label")
    steps = page.locator(".next li").all_inner_texts()
    assert len(steps) >= 2
    if outcome == "too_small":
        assert steps[0] == "Find a larger copy: the face has 60 px here, and 48 are needed."
    if outcome == "error":
        assert "is <b>empty</b>" in page.locator("#single").inner_text()
    assert "AI means here" in page.locator("#single .note").inner_text()
    check_accessible(page, outcome)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_answer_fits_the_first_screen_of_a_telephone(opened, detector, tmp_path):
    picture = tmp_path / "red.png"
    Image.new("RGB", (240, 200), (210, 120, 90)).save(picture)
    said = Provenance((Statement("exif", "camera", tool="Canon <b>EOS</b> R5 " * 9),))
    prediction = replace(detector.predict(picture), provenance=said)
    page = opened(write(tmp_path / "r.html", [prediction], detector))
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#single .tile canvas").wait_for()
    for part in ("h1", ".single-shown .frame", ".tile canvas", ".scored", ".says-line", ".next"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 844, part
    assert "camera, unsigned" in page.locator(".says-line").inner_text()
    page.get_by_text("All details and notes").click()
    assert page.locator("#detail-title").inner_text() == "red.png"


def test_how_often_a_flag_is_right_follows_the_reader_s_number(opened, detector, tmp_path):
    page = opened(write(tmp_path / "r.html", [OUTCOMES["fake"][0]], detector))
    worth = page.locator(".worth")
    assert "Of 100 photographs of origins that the model does not know, about 3 are flagged." in (
        worth.inner_text()
    )
    assert "60\u00a0% of the flags are right" in worth.inner_text()  # 40 of 100, 27 of 900
    worth.locator("input").fill("100")
    assert "12\u00a0% of the flags are right" in worth.inner_text()
    assert page.locator("#one-in").input_value() == "100"
    assert "12\u00a0% of the flags are right" in page.locator("#answer").inner_text()


def test_what_is_not_flagged_is_no_all_clear(opened, detector, tmp_path):
    page = opened(write(tmp_path / "r.html", [OUTCOMES["real"][0]], detector))
    text = page.locator(".worth").inner_text()
    assert (
        "Of 100 AI pictures by generators that the model does not know, about 60 are not flagged"
        in text
    )
    assert "6.4\u00a0% of those not flagged are AI-made all the same" in text  # 60 and 873


def test_copies_are_counted_once_unless_asked_for(opened, detector, tmp_path):
    one = replace(OUTCOMES["fake"][0], digest="00" * 16)
    other = replace(OUTCOMES["real"][0], source="other.jpg", digest="11" * 16)
    copies = [replace(one, source=f"{at}.jpg") for at in range(4)]
    page = opened(write(tmp_path / "r.html", [*copies, other], detector))
    assert page.locator("h1").inner_text() == "1 of 2 pictures was flagged as AI"
    assert "3 files are copies and are not counted again" in page.locator("#lede").inner_text()
    assert page.locator('[data-verdict="fake"] .number').inner_text() == "1"
    assert page.locator(".card").count() == 2
    page.locator("#grouped").uncheck()
    assert page.locator("h1").inner_text() == "4 of 5 pictures were flagged as AI"
    assert page.locator('[data-verdict="fake"] .number').inner_text() == "4"
    assert page.locator(".card").count() == 5
