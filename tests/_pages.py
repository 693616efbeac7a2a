"""Reports for tests, and a real browser for those that are pages."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakeface import Box, Detector, Face, Prediction, Verdict
from fakeface.reports import open_report

CHROMIUM = os.environ.get("FAKEFACE_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on the PATH (or in FAKEFACE_CHROMIUM)"
)
DONE = re.compile(r"pictures? done\.")


@pytest.fixture(scope="module")  # while it is open, its thread can run no other event loop
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs the extra `browser` (playwright)"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


class Opened:
    """Opens pages in one tab, and notes what they complain of and ask for."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.own = ["data:", "blob:"]
        self.ready: str | None = None  # what pages of servers show when they can be used
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.context.on("request", lambda asking: self.asked.append(asking.url))

    def __call__(self, address: str | Path, part: str = "", **media: str) -> Any:
        from_server = isinstance(address, str)
        address = address.as_uri() if isinstance(address, Path) else address
        self.own.append(address)
        self.page.emulate_media(**media)
        self.page.goto(address + part)
        if from_server and self.ready is not None:
            self.page.locator(self.ready).wait_for(state="attached")
        return self.page


@pytest.fixture
def opened(browser: Any) -> Iterator[Opened]:
    """Opens pages, and in the end checks that nothing was complained of or asked of others."""
    opened = Opened(browser)
    yield opened
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith(tuple(opened.own))] == []
    assert opened.page.evaluate("window.hacked") is None
    opened.context.close()


def wait(page: Any) -> None:
    """Wait until the pictures that a page was given are judged."""
    page.locator("#said").get_by_text(DONE).wait_for(state="attached")


def save(page: Any, button: str, folder: Path) -> Path:
    """Press a button that saves a file; give its path."""
    with page.expect_download() as download:
        page.click(button)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, summary, select, input")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((node) => !node.closest("label, .skip"))
  .map((node) => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24)
  .map(([html, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""


def check_accessible(page: Any, state: str) -> None:
    """Nothing that axe knows of is wrong, and what can be pressed is 24 pixels wide and high."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    told = [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"][:3]]
    assert not told, f"{state}: {told}"
    assert page.evaluate(SMALL_TARGETS) == [], state


def judged(name: str, p_fake: float | None, verdict: Verdict) -> Prediction:
    face = Face(Box(10, 10, 60, 60), 0.9, p_fake, verdict)
    return Prediction(name, "m", verdict=verdict, p_fake=p_fake, faces=(face,), size=(100, 90))


def write(
    path: Path,
    predictions: Iterable[Prediction],
    detector: Detector | None = None,
    *,
    name: str | None = None,
    append: bool = False,
    **attributes: object,
) -> Path:
    """Write a report in the format `name`, by default that of the suffix."""
    with open_report(name or path.suffix[1:], path, append=append) as report:
        for key, value in attributes.items():
            setattr(report, key, value)
        if detector is not None:
            report.describe(detector)
        for prediction in predictions:
            report.write(prediction)
    return path


def unseen(tpr: object, fpr: object) -> dict[str, object]:
    """Figures of a model on origins that it was not trained on."""
    return {"unseen": {"operating_points": {"fpr5": {"tpr": tpr, "fpr": fpr}}}}


def with_figures(model: Path, figures: dict[str, object]) -> Path:
    """Write figures into a model's description, as they are measured after the export."""
    described = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps(described | {"figures": figures}))
    return model
