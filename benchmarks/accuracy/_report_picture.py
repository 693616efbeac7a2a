"""Screenshot of an HTML report for the README: scans pictures and opens the page in Chromium."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks._browser import browser_page, save_screenshot
from fakeface import Detector
from fakeface.reports import open_report

WIDTH, HEIGHT = 1200, 900


def report_picture(folder: Path, model: str | None, out: Path, chromium: str | None = None) -> None:
    """Scan a folder, write its report, and save what the first screen looks like.

    Args:
        folder: The pictures; names on the page are below its parent.
        model: Name or directory of the model; None for the default.
        out: The PNG to write, reduced to 256 colours.
        chromium: Path of the browser; None looks for `chromium` and `google-chrome`.

    Raises:
        ValueError: Playwright or the browser is missing.
    """
    detector = Detector(model, explain=True)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "report.html"
        with open_report("html", file) as report:
            report.describe(detector)
            for prediction in detector.scan(folder):
                report.write(prediction)
        with browser_page(WIDTH, HEIGHT, chromium) as page:
            page.goto(file.as_uri())
            page.get_by_label("Heat maps").check(force=True)
            for canvas in page.locator(".card .heated").all():
                canvas.wait_for()
            page.evaluate("scrollTo(0, 0)")
            save_screenshot(page, out)
