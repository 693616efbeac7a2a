"""Pages in a real Chromium, and pictures of them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def browser_page(width: int, height: int, chromium: str | None = None) -> Iterator[Page]:
    """Open an empty page for the time of a `with` block.

    Args:
        width: Width of the window in pixels.
        height: Its height.
        chromium: Path of the browser; None looks for `chromium` and `google-chrome`.

    Yields:
        The page.

    Raises:
        ValueError: Playwright or the browser is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ValueError("needs playwright: pip install 'fakeface[browser]'") from error
    path = chromium or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise ValueError("needs Chromium: apt-get install chromium, or name it with --chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


def save_screenshot(page: Page, out: Path) -> None:
    """Save what a page looks like as a PNG of 256 colours."""
    shot = Image.open(io.BytesIO(page.screenshot()))
    out.parent.mkdir(parents=True, exist_ok=True)
    shot.convert("RGB").quantize(256).save(out, optimize=True)
