"""Pictures of the pages for README and docs: a report, the page of `fakeface serve`, an answer."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREEN, TELEPHONE = (1200, 1040), (390, 844)


def screenshots(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The pictures to show.")
    ] = Path("samples"),
    answer: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The picture of the answer.")
    ] = Path("samples/ai/p001-studio.jpg"),
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of report.png, page.png and answer.png.")
    ] = Path("docs"),
    chromium: Annotated[
        str, typer.Option(envvar="FAKEFACE_CHROMIUM", help="Path of the browser.")
    ] = "/usr/bin/chromium",
) -> None:
    """Take the README's screenshots. Needs Chromium and the extras `browser` and `serve`.

    python -m benchmarks screenshots
    """
    from playwright.sync_api import sync_playwright

    from fakeface.files import walk

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with _shown(browser, SCREEN, out / "report.png") as page:
            _show_report(page, folder)
        with _served() as url:
            with _shown(browser, SCREEN, out / "page.png") as page:
                _drop(page, url, [str(path) for path in walk([folder])])
            with _shown(browser, TELEPHONE, out / "answer.png") as page:
                _drop(page, url, [str(answer)])
                for canvas in page.locator("#single .tile canvas").all():
                    canvas.wait_for()
        browser.close()


@contextmanager
def _shown(browser: Browser, size: tuple[int, int], out: Path) -> Iterator[Page]:
    """Open an empty page, and save what it looks like at the end, as a PNG of 256 colours."""
    from PIL import Image

    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    yield page
    shot = Image.open(io.BytesIO(page.screenshot()))
    shot.convert("RGB").quantize(256).save(out, optimize=True)
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")


def _show_report(page: Page, folder: Path) -> None:
    from fakeface import Detector
    from fakeface.reports import open_report

    detector = Detector(explain=True)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "report.html"
        with open_report("html", file) as report:
            report.describe(detector)
            for prediction in detector.scan(folder):
                report.write(prediction)
        page.goto(file.as_uri())
        page.get_by_label("Heat maps").check(force=True)
        for canvas in page.locator(".card .heated").all():
            canvas.wait_for()
        page.evaluate("scrollTo(0, 0)")


@contextmanager
def _served() -> Iterator[str]:
    from fakeface import Detector
    from fakeface.serve import ServeOptions, Server

    server = Server(Detector(), ServeOptions(port=0))  # clients may connect already
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()


def _drop(page: Page, url: str, paths: list[str]) -> None:
    """Give the page pictures and wait for its verdicts."""
    page.goto(url)
    page.set_input_files("#files", paths)
    page.locator("#said").get_by_text("done.").wait_for(state="attached", timeout=300_000)
    for image in page.locator(".card img").all()[:6]:
        image.evaluate("image => image.decode()")
