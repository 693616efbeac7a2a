"""Screenshot of the page of `fakeface serve` for the README: drops pictures on it in Chromium."""

from __future__ import annotations

import threading
from pathlib import Path

from benchmarks._browser import browser_page, save_screenshot
from fakeface import Detector
from fakeface.files import walk
from fakeface.serve import ServeOptions, Server

SIZE = 1200, 1040
TELEPHONE = 390, 844


def page_picture(source: Path, model: str | None, out: Path, chromium: str | None = None) -> None:
    """Serve the page, give it pictures, and save what its first screen looks like.

    Args:
        source: A folder of pictures, or one picture, whose answer is shown as on a telephone.
        model: Name or directory of the model; None for the default.
        out: The PNG to write, reduced to 256 colours.
        chromium: Path of the browser; None looks for `chromium` and `google-chrome`.

    Raises:
        ValueError: Playwright or the browser is missing.
    """
    alone = source.is_file()
    server = Server(Detector(model), ServeOptions(port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with browser_page(*(TELEPHONE if alone else SIZE), chromium) as page:
            page.goto(server.url)
            page.set_input_files("#files", [str(path) for path in walk([source])])
            page.locator("#said").get_by_text("done.").wait_for(state="attached", timeout=300_000)
            for image in page.locator(".card img").all()[:6]:
                image.evaluate("image => image.decode()")
            for canvas in page.locator("#single .tile canvas").all() if alone else []:
                canvas.wait_for()
            save_screenshot(page, out)
    finally:
        server.stop()
        thread.join()
