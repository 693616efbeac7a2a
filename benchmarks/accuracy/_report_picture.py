"""Screenshot of an HTML report for the README: scans pictures and opens the page in Chromium."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from fakeface import Detector
from fakeface.reports import open_report

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTH, HEIGHT = 1200, 900


def report_picture(folder: Path, model: str | None, out: Path, chromium: str | None = None) -> None:
    """Scan a folder, write its report, and save what the first screen inputs like.

    Args:
        folder: The pictures; names on the page are below its parent.
        model: Name or directory of the model; None for the default.
        out: The PNG to write, reduced to 256 colours.
        chromium: Path of the browser; None inputs for `chromium` and `google-chrome`.

    Raises:
        ValueError: Playwright or the browser is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ValueError("needs playwright: pip install 'fakeface[browser]'") from error
    browser_path = chromium or shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        raise ValueError("needs Chromium: apt-get install chromium, or name it with --chromium")
    detector = Detector(model, explain=True)
    with tempfile.TemporaryDirectory() as temporary:
        page_file = Path(temporary) / "report.html"
        with open_report("html", page_file) as report:
            report.describe(detector)
            for prediction in detector.scan(folder):
                report.write(prediction)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=browser_path, args=list(FLAGS))
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(page_file.as_uri())
            page.get_by_label("Heat maps").check(force=True)
            for canvas in page.locator(".card .heated").all():
                canvas.wait_for()
            page.evaluate("scrollTo(0, 0)")
            shot = Image.open(io.BytesIO(page.screenshot()))
            browser.close()
    out.parent.mkdir(parents=True, exist_ok=True)
    few = shot.convert("RGB").quantize(256)
    few.save(out, optimize=True)
