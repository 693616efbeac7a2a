"""HTML reports in a real browser: how people work with them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from fakeface import Box, Face, Verdict
from fakeface.images._read import digest
from tests._pages import judged, needs_chromium, save, write

pytestmark = needs_chromium

NAMES = ["=cmd.jpg", "a b.jpg", "copy.jpg", "</script><b>.jpg".replace("/", "_"), "ü€\udcff.jpg"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of pictures with odd names, two of them copies."""
    folder = tmp_path_factory.mktemp("review")
    pictures = folder / "pictures"
    pictures.mkdir()
    predictions = []
    for at, name in enumerate(NAMES):
        file = pictures / name
        Image.new("RGB", (1500, 1000), (0 if at == 2 else at, 9, 9)).save(file, "JPEG")
        prediction = judged(str(file), 0.9 if at == 2 else 0.9 - at / 10, Verdict.UNCERTAIN)
        predictions.append(replace(prediction, size=(1500, 1000), digest=digest(file.read_bytes())))
    return write(folder / "report.html", predictions, large_pictures=True)


def shown(page):
    page.wait_for_timeout(300)
    return page.locator(".card .name").all_inner_texts()


def test_copies_of_a_file_are_one_card(opened, report):
    page = opened(report)
    assert page.locator(".card").count() == len(NAMES) - 1
    first = page.locator(".card").first
    assert "2 copies" in first.inner_text()
    assert page.locator("#count").inner_text() == "4 pictures, 1 copy grouped"
    first.click()
    assert page.locator("#detail .facts").inner_text().count("copy.jpg") == 1
    page.keyboard.press("Escape")
    page.locator("#grouped").uncheck()
    assert page.locator(".card").count() == len(NAMES)


def test_notes_and_marks_are_in_the_saved_copy(opened, report, tmp_path):
    page = opened(report)
    page.get_by_label("Select a b.jpg").check()
    page.locator(".card", has_text="a b.jpg").click()
    dialog = page.locator("#detail")
    dialog.get_by_label("Reviewed").check()
    note = "</script><script>window.hacked = 1</script> <!-- \u2028 schön"
    dialog.get_by_label("Note").fill(note)
    page.keyboard.press("Escape")
    assert page.locator("#review-count").inner_text() == "1 picture selected, 1 reviewed"
    assert page.locator("#unsaved").is_visible()
    copy = save(page, "#save", tmp_path)
    assert copy.name == "report.html"
    assert not page.locator("#unsaved").is_visible()

    again = opened(copy)
    assert again.locator(".card").count() == len(NAMES) - 1
    assert again.locator("#review-count").inner_text() == "1 picture selected, 1 reviewed"
    card = again.locator(".item", has_text="a b.jpg")
    assert note in card.inner_text().replace("\n", " ")
    again.locator("#state").select_option("note")
    assert shown(again) == ["a b.jpg"]
    (tmp_path / "again").mkdir()
    assert save(again, "#save", tmp_path / "again").read_bytes() == copy.read_bytes()


def test_the_selection_is_exported(opened, report, tmp_path):
    page = opened(report)
    assert page.locator("#export-csv").is_disabled()
    page.locator("#select-all").click()  # copies too
    with save(page, "#export-csv", tmp_path).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    records = json.loads(save(page, "#export-json", tmp_path).read_text(encoding="utf-8"))
    assert len(rows) == len(records) == len(NAMES)
    by_name = {Path(record["source"]).name: record for record in records}
    first = by_name["=cmd.jpg"]
    assert len(first["sha256"]) == 64
    assert first["sha256"] == by_name["copy.jpg"]["sha256"]
    assert first["p_fake"] == 0.9
    assert {row["selected"] for row in rows} == {"true"}
    page.locator("#select-none").click()
    assert page.locator("#export-json").is_disabled()


def test_no_formula_is_exported(opened, tmp_path):
    names = ["=1+1.jpg", "a;=2.jpg", 'q"uote,.jpg', "-3.jpg"]
    predictions = [judged(name, 0.5, Verdict.UNCERTAIN) for name in names]
    page = opened(write(tmp_path / "report.html", predictions))
    page.locator("#select-all").click()
    with save(page, "#export-csv", tmp_path).open(encoding="utf-8-sig", newline="") as file:
        cells = {row["source"] for row in csv.DictReader(file)}
    assert cells == {"'=1+1.jpg", "a\\u003b=2.jpg", 'q"uote,.jpg', "'-3.jpg"}


def test_addresses_lead_to_filters_and_pictures(opened, report):
    page = opened(report, "#verdict=uncertain,nonsense&q=b&sort=name-asc&picture=a+b.jpg")
    assert page.locator("#detail-title").inner_text() == "a b.jpg"
    page.keyboard.press("Escape")
    assert page.locator('[data-verdict="uncertain"]').get_attribute("aria-pressed") == "true"
    assert page.locator("#search").input_value() == "b"
    assert page.locator("#sort").input_value() == "name-asc"
    page.locator("#search").fill("cmd")
    page.locator(".card").click()
    page.wait_for_timeout(400)
    assert "picture=%3Dcmd.jpg" in page.url
    assert "q=cmd" in page.url
    page.keyboard.press("Escape")
    page.locator("#reset").click()
    page.locator("#sort").select_option("p-desc")
    page.wait_for_timeout(400)
    assert "#" not in page.url
    page.evaluate("location.hash = '#sort=<img src=x>&view=7&says=__proto__&show=toString'")
    page.wait_for_timeout(400)
    assert page.locator(".card").count() == len(NAMES) - 1


def test_the_original_is_a_link_and_its_path_can_be_copied(opened, report):
    page = opened(report)
    page.locator(".card", has_text="a b.jpg").click()
    link = page.get_by_text("Open original")
    assert link.get_attribute("href") == "pictures/a%20b.jpg"
    page.get_by_text("Copy path").click()
    page.get_by_text("Copied.").wait_for()
    page.keyboard.press("Escape")
    page.locator("#search").fill("udcff")
    page.locator(".card").click()
    assert (
        page.get_by_text("Open original").get_attribute("href") == "pictures/%C3%BC%E2%82%AC%FF.jpg"
    )


def test_the_picture_is_shown_in_1280_pixels_and_enlarged(opened, report):
    page = opened(report)
    page.locator(".card").first.click()
    image = page.locator("#detail .stage img")
    page.wait_for_timeout(300)
    assert image.evaluate("node => node.naturalWidth") == 1280
    before = image.bounding_box()["width"]
    page.get_by_label("Larger").click()
    page.get_by_label("Larger").click()
    assert image.bounding_box()["width"] == pytest.approx(2 * before, rel=0.05)
    page.get_by_label("Smaller").click()
    page.get_by_label("Smaller").click()
    assert image.bounding_box()["width"] == pytest.approx(before, rel=0.02)


def test_faces_are_numbered_by_suspicion_and_numbers_cover_no_face(opened, tmp_path):
    file = tmp_path / "crowd.jpg"
    Image.new("RGB", (900, 600)).save(file)
    boxes = [(10, 2, 30, 30), (400, 300, 40, 40), (850, 560, 30, 30), (600, 100, 60, 70)]
    scores = [0.2, 0.9, None, 0.5]
    faces = tuple(
        Face(Box(*box), 0.9, p, Verdict.TOO_SMALL if p is None else Verdict.UNCERTAIN)
        for box, p in zip(boxes, scores, strict=True)
    )
    prediction = judged(str(file), 0.9, Verdict.UNCERTAIN)
    read = digest(file.read_bytes())
    prediction = replace(prediction, faces=faces, size=(900, 600), digest=read)
    page = opened(write(tmp_path / "report.html", [prediction]))
    page.get_by_role("button", name="All details and notes").click()
    listed = page.locator(".face-list li").all_inner_texts()
    assert ["0.900" in listed[0], "0.500" in listed[1], "0.200" in listed[2]] == [True] * 3
    assert "too small" in listed[3]
    numbers = [node.bounding_box() for node in page.locator("#detail .face-number").all()]
    places = [
        node.evaluate(
            "n => { const r = n.getBoundingClientRect(); return [r.x, r.y, r.right, r.bottom]; }"
        )
        for node in page.locator("#detail .boxes rect:not(.halo)").all()
    ]
    assert len(numbers) == len(places) == 4
    for number in numbers:
        for left, top, right, bottom in places:
            apart = (
                number["x"] + number["width"] <= left
                or number["x"] >= right
                or number["y"] + number["height"] <= top + 0.5
                or number["y"] >= bottom - 0.5
            )
            assert apart
