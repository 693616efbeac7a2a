"""A server for this machine or a network: an HTTP API, and a page for people.

    >>> from fakeface import Detector
    >>> from fakeface.serve import create_app
    >>> app = create_app(Detector())  # doctest: +SKIP

`fakeface serve` runs it. Needs the extra `serve`.
"""

from __future__ import annotations

from importlib.util import find_spec

from fakeface._errors import FakefaceError

_lacking = [
    name
    for name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
    if find_spec(name) is None
]
if _lacking:
    raise FakefaceError(
        f"fakeface serve needs {', '.join(_lacking)}: pip install {' '.join(_lacking)}"
    )

from fakeface.serve._app import create_app  # noqa: E402
from fakeface.serve._options import ServeOptions  # noqa: E402
from fakeface.serve._server import Server  # noqa: E402

__all__ = ["ServeOptions", "Server", "create_app"]
