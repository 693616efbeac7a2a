"""A site, a server for it, and a browser that watches what it asks for."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from export.web import write_site
from export.web._npm import PACKAGES
from tests._pages import Opened


class Handler(SimpleHTTPRequestHandler):
    """Serves files as plain web servers do; cross-origin isolated where `isolated` says so."""

    isolated = False

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


class Isolated(Handler):
    isolated = True


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives of the npm packages; tests are skipped where they cannot be had."""
    if (given := os.environ.get("FAKEFACE_NPM_PACKAGES")) is not None:
        return Path(given)
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm, which fetches what runs in browsers (or set FAKEFACE_NPM_PACKAGES)")
    folder = tmp_path_factory.mktemp("npm")
    named = [f"{package.name}@{package.version}" for package in PACKAGES]
    done = subprocess.run(
        [npm, "pack", "--silent", *named], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"npm cannot fetch {' '.join(named)}: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="session")
def site(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(None, tmp_path_factory.mktemp("web") / "site", packages).path


def serve(folder: Path, handler: type[Handler] = Handler) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def url(site: Path) -> Iterator[str]:
    yield from serve(site)


@pytest.fixture(scope="session")
def isolated(site: Path) -> Iterator[str]:
    """The same site by a server that sends the headers for cross-origin isolation."""
    yield from serve(site, Isolated)


@pytest.fixture
def opened(opened: Opened) -> Opened:
    opened.context.set_default_timeout(180_000)  # machines of tests may be busy
    return opened
