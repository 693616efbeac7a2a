"""A server for this machine or a network: an HTTP API, and a page for people.

    >>> from fakeface import Detector
    >>> from fakeface.serve import create_app
    >>> app = create_app(Detector())  # doctest: +SKIP

`fakeface serve` runs it. Needs the extra `serve`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from fakeface._errors import FakefaceError
from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from fakeface.serve._app import create_app
    from fakeface.serve._options import ServeOptions
    from fakeface.serve._server import Server

__all__ = ["ServeOptions", "Server", "create_app"]

_lacking = [
    name
    for name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
    if find_spec(name) is None
]
if _lacking:
    raise FakefaceError(
        f"fakeface serve needs {', '.join(_lacking)}: pip install {' '.join(_lacking)}"
    )

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "fakeface.serve._app": ("create_app",),
        "fakeface.serve._options": ("ServeOptions",),
        "fakeface.serve._server": ("Server",),
    },
)
