"""A real browser, and pages opened in it."""

from __future__ import annotations

import pytest

from tests.reports._pages import CHROMIUM, FLAGS


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs the extra `browser` (playwright)"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Opens files, and in the end checks that nothing was complained of or asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said, asked, given = [], [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asking: asked.append(asking.url))

    def goto(path, part="", **media):
        page.emulate_media(**media)
        given.append(path)
        page.goto(path.as_uri() + part)
        return page

    yield goto
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert sum(url.startswith("file:") for url in asked) == len(given)
    assert page.evaluate("window.hacked") is None
    context.close()
