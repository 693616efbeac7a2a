"""The page of a server in a real browser: what people do with it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakeface import Detector
from tests._pages import Opened, check_accessible, needs_chromium, save, wait, write
from tests.serve._server import serving

pytestmark = needs_chromium


@pytest.fixture
def opened(opened: Opened) -> Opened:
    """Opens pages, and waits until pictures can be chosen."""
    opened.ready = "#pick-files:enabled, #token-form:not([hidden])"
    opened.context.set_default_timeout(60_000)
    return opened


def drop(page: Any, paths: list[Path]) -> None:
    """Drop files and folders on the page, as a file manager does."""
    session = page.context.new_cdp_session(page)
    box = page.locator("#drop").bounding_box()
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


@pytest.fixture
def ten(pictures: list[Path], tmp_path: Path) -> list[Path]:
    """Ten pictures in a folder, no two alike."""
    folder = tmp_path / "ten"
    folder.mkdir()
    paths = []
    for number in range(10):
        with Image.open(pictures[number % len(pictures)]) as image:
            small = image.convert("RGB").resize((480 + number, 500))
        paths.append(folder / f"{number}.jpg")
        small.save(paths[-1])
    return paths


def test_dropped_pictures_are_shown_opened_saved_and_printed(
    opened: Opened, url: str, ten: list[Path], tmp_path: Path
) -> None:
    page = opened(f"{url}/")
    drop(page, ten)
    wait(page)
    assert page.locator(".card").count() == 10
    assert page.locator("#progress-text").inner_text() == "10 of 10 pictures"

    page.locator("#search").fill("7.jpg")
    page.locator(".card").click()
    image = page.locator("#detail .stage img")
    width = image.evaluate("async image => { await image.decode(); return image.naturalWidth; }")
    assert width == 487
    assert image.get_attribute("src").startswith("blob:")
    page.keyboard.press("Escape")

    page.locator("#search").fill("")
    saved = save(page, "#save-html", tmp_path)
    page.emulate_media(media="print")
    assert page.pdf().count(b"/Filter /DCTDecode") == 10
    report = opened(saved, media="print")
    assert report.locator(".card").count() == 10
    check_accessible(report, "saved report")
    dates = re.findall(r"\n(?:Began|Finished)\s+(.*)", report.locator("#facts").inner_text())
    assert [bool(re.fullmatch(r"\d+ \w+ \d{4}, \d\d:\d\d \S+", d)) for d in dates] == [True, True]
    assert report.pdf().count(b"/Filter /DCTDecode") == 10
    assert "blob:" not in saved.read_text()


def test_saved_files_are_those_of_the_command_line(
    opened: Opened, url: str, detector: Detector, ten: list[Path], tmp_path: Path
) -> None:
    broken = ten[0].parent / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no more")
    page = opened(f"{url}/")
    page.set_input_files("#files", [str(path) for path in (*ten, broken)])
    wait(page)
    assert page.locator("#unreadable-body tr").count() == 1
    page.locator(".card", has_text="3.jpg").click()
    page.locator("#detail").get_by_label("Reviewed").check()
    page.locator("#detail").get_by_label("Note").fill("the note")
    page.keyboard.press("Escape")
    predictions = [
        *(detector.predict(path.read_bytes(), name=path.name) for path in ten),
        *detector.predict_batch([str(broken)]),
    ]
    for kind, mark in (("csv", "\ufeff"), ("json", "")):
        right = write(tmp_path / f"right.{kind}", predictions)
        expected = mark + right.read_text("utf-8").replace(f"{broken.parent}/", "")
        saved = save(page, f"#save-{kind}", tmp_path).read_text("utf-8")
        if kind == "csv":  # four more columns at the end
            cut = [re.sub(r"(,[^,]*){4}$", "", line) for line in saved.splitlines()]
            assert cut == expected.splitlines()
            assert ",true,the note" in saved
        else:
            records = [record.items() for record in json.loads(saved)]
            assert all(e.items() <= r for e, r in zip(json.loads(expected), records, strict=True))
            assert ("note", "the note") in records[3]


def test_of_a_dropped_folder_the_pictures_are_taken(
    opened: Opened, url: str, ten: list[Path]
) -> None:
    folder = ten[0].parent
    (folder / "notes.txt").write_text("no picture")
    (folder / "deep").mkdir()
    ten[9].rename(folder / "deep" / "z.jpg")
    page = opened(f"{url}/")
    drop(page, [folder])
    wait(page)
    assert page.locator(".card").count() == 10
    assert "1 other file skipped" in page.locator("#progress-text").inner_text()
    assert page.locator(".card", has_text="z.jpg").locator(".below").inner_text() == "deep"


def test_names_are_text_and_those_that_are_taken_get_a_number(
    opened: Opened, url: str, pictures: list[Path]
) -> None:
    data = pictures[0].read_bytes()
    names = ["<img src=x onerror=window.hacked=1>.png", "a\u202eb.png", "same.png", "same.png"]
    page = opened(f"{url}/")
    page.set_input_files(
        "#files", [{"name": name, "mimeType": "image/png", "buffer": data} for name in names]
    )
    wait(page)
    page.locator("#grouped").uncheck()
    page.locator("#sort").select_option("order-asc")
    shown = page.locator(".card .name").all_inner_texts()
    assert sorted(shown) == sorted([names[0], "a\\u202eb.png", "same.png", "same (2).png"])
    assert page.locator("main img[src=x]").count() == 0


def test_a_picture_may_be_pasted(opened: Opened, url: str, pictures: list[Path]) -> None:
    page = opened(f"{url}/")
    data = base64.b64encode(pictures[0].read_bytes()).decode()
    page.evaluate(
        "data => { const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));"
        " const clipboardData = new DataTransfer();"
        " clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));"
        " document.dispatchEvent(new ClipboardEvent('paste', { clipboardData })); }",
        data,
    )
    wait(page)
    assert page.locator(".card .name").all_inner_texts() == ["1 image.png"]


def stopped(page: Any, paths: list[Path]) -> None:
    """Choose pictures, and stop before any was judged."""
    waiting: list[Any] = []
    page.route("**/page/records?*", lambda route: waiting.append(route))
    page.set_input_files("#files", [str(path) for path in paths])
    page.locator("#stop").click()
    page.locator("#said").get_by_text("10 pictures left").wait_for(state="attached")
    page.unroute_all(behavior="ignoreErrors")


def test_it_can_be_stopped_and_go_on(opened: Opened, url: str, ten: list[Path]) -> None:
    page = opened(f"{url}/")
    stopped(page, ten)
    page.locator("#continue").click()
    wait(page)
    assert page.locator(".card").count() == 10
    assert page.locator("#incomplete").is_hidden()
    assert page.locator("#stop").is_hidden()


def test_it_can_be_stopped_while_the_server_is_busy(
    opened: Opened, url: str, ten: list[Path]
) -> None:
    page = opened(f"{url}/")
    busy = {"status": 429, "headers": {"retry-after": "2"}, "body": '{"detail": "busy"}'}
    page.route("**/page/records?*", lambda route: route.fulfill(**busy))
    with page.expect_response(lambda answer: answer.status == 429):
        page.set_input_files("#files", [str(path) for path in ten])
    page.locator("#stop").click()
    page.unroute_all(behavior="ignoreErrors")
    page.locator("#continue").click()
    wait(page)
    assert page.locator(".card").count() == 10
    opened.said[:] = [text for text in opened.said if "429" not in text]


def test_a_file_that_is_gone_stops_no_other(opened: Opened, url: str, ten: list[Path]) -> None:
    page = opened(f"{url}/")
    stopped(page, ten)
    ten[-1].unlink()
    page.locator("#continue").click()
    wait(page)
    assert "moved, changed or deleted" in page.locator("#unreadable-body").inner_text()
    assert page.locator("#progress-text").inner_text() == "10 of 10 pictures"
    opened.said[:] = [text for text in opened.said if "ERR_" not in text]


def test_notes_are_not_cleared_unasked(
    opened: Opened, url: str, ten: list[Path], tmp_path: Path
) -> None:
    page = opened(f"{url}/")
    page.set_input_files("#files", [str(path) for path in ten[:2]])
    wait(page)
    save(page, "#save-csv", tmp_path)
    page.locator(".card").first.click()
    page.locator("#detail textarea").fill("look again")
    page.keyboard.press("Escape")
    with page.expect_event("dialog") as asked:
        page.click("#clear")
    assert "Remove the results" in asked.value.message


def test_a_busy_server_is_asked_again(opened: Opened, url: str, ten: list[Path]) -> None:
    page = opened(f"{url}/")
    refused = []

    def answer(route: Any) -> None:
        if len(refused) < 2:
            refused.append(1)
            route.fulfill(status=429, headers={"retry-after": "1"}, body='{"detail": "busy"}')
        else:
            route.continue_()

    page.route("**/page/records?*", answer)
    page.set_input_files("#files", [str(path) for path in ten[:3]])
    wait(page)
    assert page.locator(".card").count() == 3
    opened.said[:] = [text for text in opened.said if "429" not in text]


def test_too_large_a_picture_is_listed(opened: Opened, detector: Detector, ten: list[Path]) -> None:
    most = max(path.stat().st_size for path in ten[:3])
    large = ten[0].parent / "large.jpg"
    large.write_bytes(ten[0].read_bytes() + bytes(most))
    with serving(detector, max_picture=most) as url:
        page = opened(f"{url}/")
        page.set_input_files("#files", [str(path) for path in (*ten[:3], large)])
        wait(page)
        assert page.locator(".card").count() == 3
        assert "is larger than the" in page.locator("#unreadable-body").inner_text()


def test_the_token_is_asked_for(opened: Opened, detector: Detector, ten: list[Path]) -> None:
    with serving(detector, token="a-token-of-some-length") as url:
        page = opened(f"{url}/")
        page.locator("#token").fill("not the right one")
        page.locator("#token").press("Enter")
        page.get_by_text("That is not it.").wait_for()
        page.locator("#token").fill("a-token-of-some-length")
        page.locator("#token").press("Enter")
        page.locator("#token-form").wait_for(state="hidden")
        page.set_input_files("#files", [str(path) for path in ten[:2]])
        wait(page)
        assert page.locator(".card").count() == 2
    opened.said[:] = [text for text in opened.said if "401" not in text]


def test_a_server_that_is_gone_is_said(opened: Opened, detector: Detector, ten: list[Path]) -> None:
    with serving(detector) as url:
        page = opened(f"{url}/")
    page.set_input_files("#files", [str(ten[0])])
    page.get_by_text("the server cannot be reached").wait_for()
    opened.said.clear()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1200)])
def test_it_is_accessible(
    opened: Opened, url: str, ten: list[Path], scheme: str, width: int
) -> None:
    page = opened(f"{url}/", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})

    check_accessible(page, "nothing yet")
    page.set_input_files("#files", [str(ten[0])])
    wait(page)
    check_accessible(page, "one picture by itself")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_input_files("#files", [str(path) for path in ten[1:]])
    page.locator("#said").get_by_text("10 pictures done.").wait_for(state="attached")
    check_accessible(page, "results")
    page.locator(".card").first.click()
    check_accessible(page, "details")
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_other_files_are_counted_and_not_sent_and_a_refusal_stops_no_other(
    opened: Opened, url: str, ten: list[Path]
) -> None:
    page = opened(f"{url}/")
    sent: list[str] = []
    page.on("request", lambda asking: sent.append(asking.url))
    page.set_input_files(
        "#files",
        [
            {"name": name, "mimeType": kind, "buffer": b"{}"}
            for name, kind in (("a.txt", "text/plain"), ("b.json", "application/json"))
        ],
    )
    page.get_by_text("no picture among these files: nothing was sent").wait_for()
    others = ten[0].parent / "page.html", ten[0].parent / "results.jsonl"
    for other in others:
        other.write_text("{}")

    def answer(route: Any) -> None:
        if "name=1.jpg" in route.request.url:
            route.fulfill(status=415, body='{"detail": "a <b>text</b> body is no picture"}')
        else:
            route.continue_()

    page.route("**/page/records?*", answer)
    page.set_input_files("#files", [str(path) for path in (*others, *ten[:3])])
    wait(page)
    assert page.locator("#trouble").is_hidden()
    assert page.locator(".card").count() == 2
    assert "a <b>text</b> body is no picture" in page.locator("#unreadable-body").inner_text()
    assert "4 other files skipped" in page.locator("#progress-text").inner_text()
    assert sum("page/records" in url for url in sent) == 3
    opened.said[:] = [text for text in opened.said if "415" not in text]


def test_a_picture_by_itself_gets_the_answer_and_clear_begins_again(
    opened: Opened, url: str, ten: list[Path]
) -> None:
    page = opened(f"{url}/")
    start = page.locator("h1").inner_text()
    page.set_input_files("#files", [str(ten[0])])
    wait(page)
    assert page.locator(".scored").is_visible()
    assert page.locator("#running").is_hidden()
    assert page.locator("#grid").is_hidden()
    assert page.locator("h1").inner_text() in page.locator("#said").inner_text()

    page.set_input_files("#files", [str(ten[1])])  # the earlier one is below
    page.locator("#said").get_by_text("2 pictures done.").wait_for(state="attached")
    assert page.locator("#single figcaption .name").inner_text() == "1.jpg"
    assert page.locator(".card").count() == 2
    page.locator(".card").first.click()
    assert page.get_by_text("Copy link").count() == 0  # nobody else could open it
    page.keyboard.press("Escape")

    page.set_input_files("#files", [str(path) for path in ten[2:4]])
    page.locator("#said").get_by_text("4 pictures done.").wait_for(state="attached")
    assert page.locator("#single").is_hidden()
    assert "of 4 pictures" in page.locator("h1").inner_text()

    page.click("#clear")
    assert page.locator("h1").inner_text() == start
    assert page.locator(".card").count() == 0
    assert page.evaluate("document.activeElement.id") == "pick-files"
    page.set_input_files("#files", [str(ten[0])])  # under its own name again
    wait(page)
    assert page.locator("#single figcaption .name").inner_text() == "0.jpg"


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_an_address_is_not_opened_and_the_page_says_what_to_do(
    opened: Opened, url: str, how: str
) -> None:
    page = opened(f"{url}/")
    page.evaluate(
        "how => { const data = new DataTransfer();"
        " const address = 'https://example.com/a.jpg?<img src=x onerror=window.hacked=1>';"
        " data.setData('text/uri-list', address); data.setData('text/plain', address);"
        " const options = { bubbles: true, cancelable: true };"
        " document.body.dispatchEvent(how === 'paste'"
        "   ? new ClipboardEvent('paste', { clipboardData: data, ...options })"
        "   : new DragEvent('drop', { dataTransfer: data, ...options })); }",
        how,
    )
    page.get_by_text("save the picture first").wait_for()
