"""HTML reports in a real browser: what people see and do."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fakeface import Detector, Prediction, Verdict
from fakeface.cli._app import app
from fakeface.types import Provenance, Statement
from tests._models import make_cam_classifier
from tests._pages import check_accessible, judged, needs_chromium, unseen, with_figures, write

HOSTILE = [
    "<script>window.hacked = 1<_script>.jpg",
    '"><img src=x onerror="window.hacked = 1">.jpg',
    "new\nline.jpg",
    "\u202egpj.exe.jpg",
    "\udcff\udcfe.jpg",
]
VERDICTS = {"fake": 7, "uncertain": 3, "real": 110}

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory, samples):
    """A report of pictures, of hostile names, and of enough others to need a second page."""
    folder = tmp_path_factory.mktemp("report")
    detector = Detector(make_cam_classifier(folder / "model", gain=14))
    red = folder / "pictures" / "red.png"
    red.parent.mkdir()
    Image.new("RGB", (240, 200), (210, 120, 90)).save(red)
    whole = Detector(folder / "model", whole=True)
    predictions = [*detector.scan(samples), whole.predict(red)]
    for name in HOSTILE:
        predictions.append(judged(f"{folder}/{name}", 0.5, Verdict.UNCERTAIN))
        predictions.append(Prediction(f"{folder}/broken/{name}", "m", error=f"bad {name}"))
    for verdict, number in VERDICTS.items():
        p = {"fake": 0.9, "uncertain": 0.4, "real": 0.1}[verdict]
        for at in range(number):
            predictions.append(
                judged(f"{folder}/{verdict}{at}.jpg", p + at / 2e4, Verdict(verdict))
            )
    return write(folder / "report.html", predictions, detector), predictions


def names(page):
    return on_cards(page, ".name")


def on_cards(page, part):
    """What a part of every card says; cards are filled when they come into view."""
    for _ in range(250):
        if all(found := page.locator(f".card {part}").all_inner_texts()):
            break
        page.wait_for_timeout(20)  # `wait_for_function` would evaluate, which the page forbids
    return found


def scores(page):
    texts = page.locator(".card .p").all_inner_texts()
    return [float(text) for text in texts if text]


def test_the_first_screen_sums_up(opened, report):
    path, predictions = report
    page = opened(path)
    ok = [p for p in predictions if p.ok]
    fake = sum(p.verdict is Verdict.FAKE for p in ok)
    assert page.locator("h1").inner_text() == f"{fake} of {len(ok)} pictures were flagged as AI"
    for verdict in Verdict:
        number = sum(p.verdict is verdict for p in ok)
        total = page.locator(f'[data-verdict="{verdict}"]')
        assert total.locator(".number").inner_text() == str(number)
        assert total.is_disabled() == (number == 0)
    assert page.locator("#histogram rect.fill").count() > 5
    assert "fake from 0.70" in page.locator("#histogram").inner_text()
    assert page.locator("#facts").inner_text().count("model 1.0.0") == 1
    assert scores(page) == sorted(scores(page), reverse=True)
    assert page.locator(".card").count() == 96  # not all at once


def test_a_title_and_a_note_stand_where_the_count_would(opened, tmp_path):
    fake = [judged("a.jpg", 0.9, Verdict.FAKE)]
    said = {"title": "The <b>worst</b>", "note": "Chosen from 9 pictures."}
    page = opened(write(tmp_path / "titled.html", fake, **said))
    assert page.locator("h1").inner_text() == "The <b>worst</b>"
    assert page.locator("#lede").inner_text().startswith("Chosen from 9 pictures. ")
    assert "about" not in page.locator("#false-flags").inner_text()


def test_verdicts_filter(opened, report):
    page = opened(report[0])
    page.locator('[data-verdict="fake"]').click()
    shown = on_cards(page, ".badge")
    assert set(shown) == {"fake"}
    page.locator('[data-verdict="uncertain"]').click()
    both = on_cards(page, ".badge")
    assert set(both) == {"fake", "uncertain"}
    assert len(both) > len(shown)
    assert page.locator('[data-verdict="fake"]').get_attribute("aria-pressed") == "true"
    page.locator("#reset").click()
    assert page.locator(".card").count() == 96
    assert page.locator('[aria-pressed="true"]').count() == 0


def test_names_are_searched(opened, report):
    page = opened(report[0])
    page.keyboard.press("/")
    page.keyboard.type("OBAMA jpg")
    assert names(page) == ["obama.jpg"]
    assert page.locator("#count").inner_text().startswith("1 of ")
    page.locator("#search").fill("no such name")
    assert page.locator("#empty").is_visible()
    assert page.locator(".card").count() == 0
    page.locator("#search").fill("real1")
    assert len(names(page)) == 21  # 1, 10 to 19, 100 to 109


def test_order_can_be_chosen(opened, report):
    page = opened(report[0])
    page.locator("#sort").select_option("p-asc")
    assert scores(page) == sorted(scores(page))
    page.locator("#search").fill("fake")
    page.locator("#sort").select_option("name-asc")
    assert names(page) == [f"fake{at}.jpg" for at in range(7)]
    page.locator("#sort").select_option("name-desc")
    assert names(page) == [f"fake{at}.jpg" for at in reversed(range(7))]


def test_the_table_sorts_by_its_heads(opened, report):
    page = opened(report[0])
    page.get_by_label("Table", exact=True).check(force=True)
    rows = page.locator("#table-body tr")
    assert rows.count() == sum(p.ok for p in report[1])
    head = page.locator('th[data-sort="name"]')
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    first = rows.first.inner_text()
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert rows.last.inner_text() == first
    page.locator('th[data-sort="p"] button').click()
    column = [
        float(t) for t in page.locator("#table-body td:nth-child(4)").all_inner_texts() if t != "–"
    ]
    assert column == sorted(column, reverse=True)
    assert head.get_attribute("aria-sort") is None


def test_more_pictures_come_when_asked_for(opened, report):
    page = opened(report[0])
    page.locator("#more").focus()
    page.keyboard.press("Enter")
    assert page.locator(".card").count() == sum(p.ok for p in report[1])
    assert page.locator("#more").is_hidden()
    assert (
        page.evaluate("[...document.querySelectorAll('.card')].indexOf(document.activeElement)")
        == 96
    )


def test_cards_that_are_no_longer_shown_are_forgotten(opened, report):
    page = opened(report[0])
    devtools = page.context.new_cdp_session(page)

    def nodes():
        devtools.send("HeapProfiler.collectGarbage")
        return devtools.send("Memory.getDOMCounters")["nodes"]

    before = nodes()
    page.locator("#more").click()
    page.locator("#sort").select_option("p-asc")
    assert page.locator(".card").count() == 96
    page.locator("#sort").select_option("p-desc")
    assert nodes() < before + 96  # a card has about twenty


def test_hostile_names_are_text(opened, report):
    page = opened(report[0])
    page.locator("#search").fill("hacked")
    assert len(names(page)) == 2
    assert names(page)[0] in HOSTILE
    page.locator("#search").fill("\\n")
    assert names(page) == [r"new\nline.jpg"]
    page.locator("#search").fill("u202e")
    assert names(page) == [r"\u202egpj.exe.jpg"]
    assert page.locator("#unreadable-body tr").count() == len(HOSTILE)
    assert "bad <script>" in page.locator("#unreadable-body").inner_text()
    assert page.locator("img[src=x]").count() == 0


def test_one_picture_is_shown_with_all_that_is_known(opened, report):
    page = opened(report[0])
    page.locator("#search").fill("obama")
    page.locator(".card").press("Enter")
    dialog = page.locator("#detail")
    assert dialog.is_visible()
    text = dialog.inner_text()
    assert "910 × 1137 px" in text
    assert "samples/real/obama.jpg" in text
    dialog.locator(".tile canvas").nth(1).wait_for()  # the face, plain and with its map
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    assert page.evaluate("document.activeElement.className") == "card"


SAID = {
    "none.jpg": Provenance(),
    "hostile.jpg": Provenance(
        (Statement("xmp", "ai", tool='<img src=x onerror="window.hacked = 1">'),)
    ),
    "signed.jpg": Provenance(
        (Statement("c2pa", "ai", "trusted", "Acme", "Acme Inc.", "c2pa.created"),)
    ),
    "broken.jpg": Provenance((Statement("c2pa", "ai", "broken", "Acme"),), ("xmp: no XML",), 13),
    "camera.jpg": Provenance((Statement("exif", "camera", tool="Canon EOS R5"),)),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    predictions = [
        replace(judged(name, 0.1 + at / 10, Verdict.REAL), provenance=provenance)
        for at, (name, provenance) in enumerate(SAID.items())
    ]
    return write(tmp_path_factory.mktemp("said") / "report.html", predictions)


def test_what_files_say_is_shown_sorted_and_filtered(opened, said):
    page = opened(said)
    assert (
        "2 files declare that AI made or changed the picture." in page.locator("#lede").inner_text()
    )
    page.locator("#sort").select_option("says-asc")
    assert names(page) == ["signed.jpg", "hostile.jpg", "broken.jpg", "camera.jpg", "none.jpg"]
    words = ("AI, signed", "AI, unsigned", "broken signature", "camera, unsigned", "")
    for card, said_there in zip(page.locator(".card").all(), words, strict=True):
        assert said_there in card.inner_text()
    for choice, shown in {
        "ai": ["signed.jpg", "hostile.jpg"],
        "broken": ["broken.jpg"],
        "camera": ["camera.jpg"],
        "none": ["none.jpg"],
    }.items():
        page.locator("#origin").select_option(choice)
        assert names(page) == shown
    page.locator("#reset").click()
    assert page.locator("#origin").input_value() == ""
    assert page.locator(".card").count() == len(SAID)
    page.get_by_text("Table", exact=True).click()
    page.locator("th[data-sort=says] button").click()
    assert "AI, signed" not in page.locator("#table-body tr").first.inner_text()  # reversed
    check_accessible(page, "sorted by what files say")


def test_all_statements_of_a_picture_are_shown(opened, said):
    page = opened(said)
    for name, texts in {
        "broken.jpg": [
            "broken signature: AI, Acme",
            "it proves nothing",
            "xmp: no XML",
            "13 bytes",
        ],
        "signed.jpg": ["AI: Acme (signed by Acme Inc.)", "c2pa.created", "on the trust list"],
        "hostile.jpg": ["<img src=x", "XMP", "anybody can write, change or remove this"],
        "none.jpg": ["Nothing, which is no sign"],
    }.items():
        page.locator("#search").fill(name)
        page.locator(".card").click()
        text = page.locator("#detail .origins").inner_text()
        assert all(part in text for part in texts), text
        page.keyboard.press("Escape")


def test_a_report_without_provenance_has_no_column_for_it(opened, tmp_path):
    both = [judged(name, 0.5, Verdict.UNCERTAIN) for name in ("a.jpg", "b.jpg")]
    page = opened(write(tmp_path / "r.html", both))
    assert page.locator("#origin").is_hidden()
    page.get_by_text("Table", exact=True).click()
    assert page.locator("th[data-sort=says]").is_hidden()


def test_two_scans_are_compared(opened, tmp_path):
    results = {
        "before": [("a.jpg", 0.1, "real"), ("b.jpg", 0.9, "fake"), ("c.jpg", 0.5, "uncertain")],
        "after": [("a.jpg", 0.8, "fake"), ("b.jpg", 0.95, "fake"), ("d<b>.jpg", 0.1, "real")],
    }
    for name, rows in results.items():
        predictions = [judged(file, p, Verdict(verdict)) for file, p, verdict in rows]
        write(tmp_path / f"{name}.jsonl", predictions)
    path = tmp_path / "r.html"
    words = ["report", "--compare", tmp_path / "before.jsonl", tmp_path / "after.jsonl", "-o", path]
    assert CliRunner().invoke(app, [str(word) for word in words]).exit_code == 0
    page = opened(path)
    assert page.locator("h1").inner_text() == "1 of 2 verdicts changed"
    assert "1 picture is flagged only now, 0 no longer. 1 was not in the first scan." in (
        page.locator("#changes-text").inner_text()
    )
    cells = page.locator("#changes-table tbody tr").last.locator("td").all_inner_texts()
    assert cells == ["1", "–"]  # real before: fake now
    page.locator("#change").select_option("flagged")
    assert names(page) == ["a.jpg"]
    assert "was real 0.100" in page.locator(".card").inner_text()
    page.locator("#change").select_option("added")
    assert names(page) == ["d<b>.jpg"]
    page.locator("#reset").click()
    page.locator("#sort").select_option("change-desc")
    assert names(page)[:2] == ["a.jpg", "b.jpg"]
    page.locator("#only-before summary").click()
    assert "c.jpg" in page.locator("#only-before-body").inner_text()
    check_accessible(page, "two scans")


def test_arrows_go_through_the_pictures_shown(opened, report):
    page = opened(report[0])
    page.locator("#search").fill("fake")
    page.locator("#sort").select_option("name-asc")
    page.locator(".card").nth(1).click()
    title = page.locator("#detail-title")
    assert title.inner_text() == "fake1.jpg"
    page.keyboard.press("ArrowRight")
    assert title.inner_text() == "fake2.jpg"
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert title.inner_text() == "fake0.jpg"
    assert page.locator("#previous").get_attribute("aria-disabled") == "true"
    page.locator("#next").click()
    assert title.inner_text() == "fake1.jpg"
    page.locator("#detail .stage").click()  # what has the focus is shown anew with each picture
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert title.inner_text() == "fake1.jpg"


def test_heat_maps_look_as_those_of_the_library(opened, report):
    path, predictions = report
    red = next(p for p in predictions if p.source.endswith("red.png"))
    heatmap = red.faces[0].heatmap
    expected = np.asarray(heatmap.overlay(Image.open(red.source)))[100, 120]
    page = opened(path)
    page.locator("#search").fill("red.png")
    canvas = page.locator(".card .heated")
    canvas.wait_for(state="attached")
    assert canvas.is_hidden()
    page.get_by_label("Heat maps").check(force=True)
    assert canvas.is_visible()
    assert page.locator("#heat-legend").is_visible()
    pixel = canvas.evaluate(
        "c => [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data]"
    )
    np.testing.assert_allclose(pixel[:3], expected, atol=6)


def test_base_rates_are_worked_out(opened, report):
    page = opened(report[0])
    assert "About 5\u00a0% of photographs" in page.locator("#false-flags").inner_text()
    page.locator("#one-in").fill("10")
    page.locator("#tpr").fill("80")
    page.locator("#fpr").fill("5")
    # 80 of 100 and 45 of 900
    assert "64\u00a0% of the flags are right" in page.locator("#answer").inner_text()
    page.locator("#one-in").fill("")
    assert "needs a number" in page.locator("#answer").inner_text()


def test_base_rates_begin_with_the_figures_of_the_model(opened, tmp_path):
    model = with_figures(make_cam_classifier(tmp_path / "model"), unseen(0.4921, 0.0268))
    fake = [judged("a.jpg", 0.9, Verdict.FAKE)]
    page = opened(write(tmp_path / "report.html", fake, Detector(model)))
    assert page.locator("#tpr").input_value() == "49"
    assert page.locator("#fpr").input_value() == "2.7"
    assert "origins that the model does not know" in page.locator("#bayes-note").inner_text()
    assert "About 2.7\u00a0% of photographs" in page.locator("#false-flags").inner_text()


def test_the_first_level_is_in_plain_words(opened, report):
    page = opened(report[0])
    text = page.locator("body").inner_text()
    for word in ("odds", "sha256", "SHA-256", "Real of", "fitted", "Settings"):
        assert word not in text
    page.get_by_text("For experts").click()
    assert "SHA-256 of the model" in page.locator("#details").inner_text()


@pytest.mark.parametrize("share", [0.4, 0.9, 0.999])
def test_a_file_that_was_cut_off_still_shows_what_it_holds(opened, report, tmp_path, share):
    data = report[0].read_bytes()
    begin, end = (
        data.index(b'id="records">'),
        data.index(b'<script type="application/json" id="end"'),
    )
    cut = tmp_path / "cut.html"
    cut.write_bytes(data[: begin + int((end - begin) * share)])
    page = opened(cut)
    assert page.locator("#incomplete").is_visible()
    number = int(re.search(r"holds the (\d+)", page.locator("#incomplete").inner_text())[1])
    assert 1 <= number < len(report[1])
    assert page.locator(".card").count() == min(
        number - page.locator("#unreadable-body tr").count(), 96
    )


BROKEN = Prediction("a.jpg", "m", error="is empty")
NO_FACE = Prediction("a.jpg", "m", verdict=Verdict.NO_FACE, size=(9, 9))
TOO_SMALL = judged("a.jpg", None, Verdict.TOO_SMALL)
REAL, UNSURE, FAKE = (
    judged("a.jpg", p, verdict)
    for p, verdict in ((0.1, Verdict.REAL), (0.5, Verdict.UNCERTAIN), (0.9, Verdict.FAKE))
)


@pytest.mark.parametrize(
    ("predictions", "headline"),
    [
        ([], "No pictures were found"),
        ([BROKEN, BROKEN], "No file could be read"),
        ([NO_FACE, NO_FACE], "No face in 2 pictures: nothing was judged"),
        ([TOO_SMALL, TOO_SMALL], "Too small to judge: the faces in 2 pictures"),
        ([NO_FACE, TOO_SMALL], "No face in 2 pictures could be judged"),
        ([REAL, NO_FACE], "None of 2 pictures was flagged as AI"),
        ([REAL, UNSURE, UNSURE], "None of 3 pictures was flagged as AI; unsure about 2"),
        ([FAKE, UNSURE], "1 of 2 pictures was flagged as AI"),
    ],
)
def test_there_is_a_page_for_every_outcome(opened, tmp_path, predictions, headline):
    page = opened(write(tmp_path / "report.html", predictions))
    assert page.locator("h1").inner_text() == headline
    assert page.locator("#distribution").is_hidden() == all(p.p_fake is None for p in predictions)
    assert page.locator("#incomplete").is_hidden()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_everybody_can_use_it(opened, report, scheme, width):
    page = opened(report[0], color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})

    def check(state):
        check_accessible(page, state)

    check("grid")
    page.locator('[data-verdict="fake"]').click()
    page.get_by_label("Heat maps").check(force=True)
    check("filtered, with heat maps")
    page.get_by_label("Table", exact=True).check(force=True)
    check("table")
    page.locator("#table-body button").first.click()
    check("one picture")
    page.keyboard.press("Escape")
    page.locator("#search").fill("no such name")
    check("nothing found")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


def test_print_and_pdf_show_every_picture(opened, tmp_path):
    detector = Detector(make_cam_classifier(tmp_path / "model", gain=14), whole=True)
    number = 130  # more than the page shows at first
    noise = np.random.default_rng(0)
    for at in range(number):  # no two alike, or the PDF would hold one for both
        pixels = noise.integers(0, 255, (5, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((60, 50)).save(tmp_path / f"{at}.png")
    predictions = detector.predict_batch(sorted(tmp_path.glob("*.png")))
    page = opened(write(tmp_path / "report.html", predictions, detector))
    page.get_by_label("Heat maps").check(force=True)
    assert page.locator(".card").count() < number
    page.emulate_media(media="print")
    pdf = page.pdf()
    jpegs = pdf.count(b"/Filter /DCTDecode")  # thumbnails stay JPEG
    assert jpegs == number
    assert pdf.count(b"/Subtype /Image") - jpegs >= number
    assert page.locator(".card").count() == number
    page.emulate_media(media="screen")


def test_on_paper_nothing_overlaps_and_notes_are_whole(opened, tmp_path):
    said = Provenance((Statement("c2pa", "ai", "unknown_signer", "Acme"),))
    one = replace(judged("", 0.5, Verdict.UNCERTAIN), provenance=said)
    names = [f"{'a-very-long-name' * 4}{at}.jpg" for at in range(6)]
    page = opened(write(tmp_path / "report.html", [replace(one, source=name) for name in names]))
    note = "seen first on a forum, the sender could not name a photographer " * 4
    page.locator(".card").first.click()
    page.locator("#detail").get_by_label("Reviewed").check()
    page.locator("#detail").get_by_label("Note").fill(note)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 without margins of 12 mm
    page.emulate_media(media="print")
    for item in page.locator(".item").all():
        edge = item.bounding_box()
        for part in item.locator(".verdict > *, .origin, .name, .below, .marks > *").all():
            box = part.bounding_box()
            if box and box["width"]:
                assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
                assert box["y"] + box["height"] <= edge["y"] + edge["height"] + 1
    clipped = "n => n.scrollWidth > n.clientWidth + 1 || n.scrollHeight > n.clientHeight + 2"
    assert not page.locator(".note-text").first.evaluate(clipped)
    page.emulate_media(media="screen")


def contrast(locator):
    """WCAG's contrast ratio of an element's computed colours."""
    ink, ground = locator.evaluate(
        "node => { const { color, backgroundColor } = getComputedStyle(node);"
        " return [color, backgroundColor]; }"
    )

    def luminance(colour):
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted([luminance(ink), luminance(ground)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_pressed_filter_stays_readable_under_the_mouse(opened, report, scheme):
    page = opened(report[0], color_scheme=scheme)
    button = page.locator('[data-verdict="fake"]')
    button.hover()
    assert contrast(button) > 4.5
    button.click()
    button.hover()
    assert button.get_attribute("aria-pressed") == "true"
    assert contrast(button) > 4.5


def test_five_thousand_pictures_stay_usable(opened, tmp_path):
    many = (judged(f"photos/{at}.jpg", at / 5000, Verdict.UNCERTAIN) for at in range(5000))
    path = write(tmp_path / "report.html", many)
    thumb = "A" * 6000  # as large as thumbnails are; there is no time to make 5,000
    path.write_text(path.read_text().replace('"thumb":null', f'"thumb":"{thumb}"'))
    assert path.stat().st_size > 30e6
    page = opened(path)
    assert page.locator(".card").count() == 96
    page.locator("#search").fill("4999")
    assert names(page) == ["4999.jpg"]
    assert page.evaluate("document.querySelectorAll('*').length") < 5000


def test_a_map_that_covers_a_part_of_the_crop_is_drawn_there(opened, tmp_path):
    settings = {"cam_bias": -1.25, "cam_share": 0.5}
    detector = Detector(make_cam_classifier(tmp_path / "model", settings=settings), whole=True)
    Image.new("RGB", (240, 200), (210, 120, 90)).save(tmp_path / "red.png")
    prediction = detector.predict(tmp_path / "red.png")
    box = prediction.faces[0].heatmap.box
    page = opened(write(tmp_path / "report.html", [prediction], detector))
    style = page.locator(".heated").first.get_attribute("style")
    left, top, width, height = map(float, re.findall(r"([\d.]+)%", style))
    assert (left, width) == pytest.approx((box.x / 2.4, box.width / 2.4), abs=0.2)
    assert (top, height) == pytest.approx((box.y / 2, box.height / 2), abs=0.2)
