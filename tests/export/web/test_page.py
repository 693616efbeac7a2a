"""The page of a site in a real browser: the same as the server's, with the model inside."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fakeface import Detector
from tests._pages import Opened, check_accessible, needs_chromium, save, wait, write

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(provider="cpu", threads=1)


def judge(page: Any, paths: list[Path]) -> None:
    page.set_input_files("#files", [str(path) for path in paths])
    wait(page)


def small(samples: Path) -> list[Path]:
    return [path for path in sorted(samples.rglob("*.*g")) if path.stat().st_size < 500_000]


def test_pictures_are_judged_and_saved_as_by_the_library(
    opened: Opened, url: str, samples: Path, detector: Detector, tmp_path: Path
) -> None:
    page = opened(url)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no more")
    paths = small(samples)
    judge(page, [*paths, broken])
    assert page.locator(".card").count() == len(paths)
    assert "is broken" in page.locator("#unreadable-body").inner_text()
    saved = json.loads(save(page, "#save-json", tmp_path).read_text())
    right = [detector.predict(path).as_dict() for path in paths]
    for given, expected in zip(saved, right, strict=False):
        assert given.keys() >= expected.keys()  # and what the reader marked
        for same in ("verdict", "size", "model", "settings", "digest", "says", "frames", "frame"):
            assert given[same] == expected[same], (expected["source"], same)
        assert given["p_fake"] == pytest.approx(expected["p_fake"], abs=0.03)
    assert saved[-1]["error"]
    rows = save(page, "#save-csv", tmp_path).read_text("utf-8-sig").splitlines()
    right = write(tmp_path / "right.csv", [detector.predict(paths[0])])
    assert rows[0].startswith(right.read_text().splitlines()[0])
    assert len(rows) == len(paths) + 2

    page.locator(".card").first.click()
    assert page.locator("#detail .stage img").count() == 1
    page.keyboard.press("Escape")
    report_page = opened(save(page, "#save-html", tmp_path))
    assert report_page.locator(".card").count() == len(paths)


def test_its_details_say_what_runs_here(opened: Opened, url: str, samples: Path) -> None:
    page = opened(url)
    judge(page, small(samples)[:2])
    facts = page.locator("#facts").evaluate("node => node.textContent")
    assert "ONNX Runtime Web" in facts
    assert "WebAssembly, 1 thread" in facts
    assert "signatures not checked" in facts
    assert re.search("[0-9a-f]{64}", page.locator("#details").evaluate("node => node.textContent"))


def test_with_cross_origin_isolation_it_has_threads(
    opened: Opened, isolated: str, samples: Path
) -> None:
    page = opened(isolated)
    threads = min(page.evaluate("navigator.hardwareConcurrency"), 4)
    judge(page, small(samples)[:2])
    assert page.locator(".card").count() == 2
    facts = page.locator("#facts").evaluate("node => node.textContent")
    assert f"WebAssembly, {threads} thread" in facts


def test_it_works_without_a_network_after_the_first_visit(
    opened: Opened, url: str, samples: Path
) -> None:
    page = opened(url)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.reload()
    assert page.evaluate("window.crossOriginIsolated")  # by the headers that the worker adds
    judge(page, small(samples)[:2])
    assert page.locator(".card").count() == 2


def test_a_browser_that_computes_otherwise_says_so(opened: Opened, url: str) -> None:
    def other(route: Any) -> None:
        description = route.fetch().json()
        description["golden"]["predictions"][1]["p_fake"] = 0.9
        route.fulfill(json=description)

    opened.context.route("**/detector.json", other)
    page = opened(url)
    page.get_by_text("does not compute what it should").wait_for()


def test_a_model_that_was_cut_off_is_not_used(opened: Opened, url: str) -> None:
    def short(route: Any) -> None:
        route.fulfill(body=route.fetch().body()[:-1])

    opened.context.route("**/models/model/model.onnx", short)
    page = opened(url)
    page.get_by_text("it was cut off or changed on its way").wait_for()


def test_it_can_be_stopped_and_go_on(
    opened: Opened, url: str, samples: Path, tmp_path: Path
) -> None:
    page = opened(url)
    paths = []
    for number in range(30):
        with Image.open(samples / "real" / "obama.jpg") as image:
            image.resize((300 + number, 400)).save(path := tmp_path / f"{number}.jpg")
        paths.append(path)
    page.set_input_files("#files", [str(path) for path in paths])
    page.locator("#stop").click()
    page.locator("#said").get_by_text("left").wait_for(state="attached")
    assert page.locator("#continue").is_visible()
    page.locator("#continue").click()
    wait(page)
    assert page.locator("#progress-text").inner_text() == "30 of 30 pictures"


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1200)])
def test_it_is_accessible(opened: Opened, url: str, samples: Path, scheme: str, width: int) -> None:
    page = opened(url, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    check_accessible(page, "nothing yet")
    judge(page, small(samples))
    check_accessible(page, "results")
    page.locator(".card").first.click()
    check_accessible(page, "one picture")
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
