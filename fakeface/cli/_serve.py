from __future__ import annotations

import os
import sys
from functools import partial
from typing import Annotated, Any

import typer

from fakeface.cli import _options as options
from fakeface.cli._errors import OK, UsageError, exits, say

NETWORK = partial(typer.Option, rich_help_panel="Network")
LIMITS = partial(typer.Option, rich_help_panel="Limits")


@exits
@options.takes_detector_options()
def serve(
    host: Annotated[
        str, NETWORK(help="Address to listen on; any but this machine's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, NETWORK(min=0, max=65535, help="Port; 0 for a free one.")] = 8300,
    token: Annotated[
        str | None,
        NETWORK(
            envvar="FAKEFACE_TOKEN",
            help="What clients have to send as 'Authorization: Bearer TOKEN'. Better in the"
            " environment: others on this machine can read it in the list of processes.",
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        NETWORK(
            metavar="NAME",
            help="Another name under which this server may be addressed; may be repeated.",
        ),
    ] = None,
    browser: Annotated[
        bool,
        NETWORK("--browser/--no-browser", help="Open the page, where this machine has a screen."),
    ] = True,
    cors_origin: Annotated[
        list[str] | None,
        NETWORK(
            metavar="ORIGIN",
            help="A web site, such as https://example.org, whose pages may use the API; may be"
            " repeated.",
        ),
    ] = None,
    max_picture: Annotated[
        float, LIMITS(min=0.001, max=512, metavar="MIB", help="Largest picture, in MiB.")
    ] = 64,
    queue: Annotated[int, LIMITS(min=0, help="Requests that may wait; more get status 429.")] = 64,
    *,
    settings: dict[str, Any],
    workers: options.Workers = None,
) -> int:
    """Serve a page to drop pictures on, and an HTTP API.

    Programs POST a picture to /v1/predict; /docs describes it. Nothing is kept on disk.
    Needs the extra `serve`.

    For example: fakeface serve · curl -F files=@portrait.jpg http://127.0.0.1:8300/v1/predict
    """
    from fakeface.cli._run import load_detector
    from fakeface.cli._stop import deferred

    with deferred():
        import webbrowser

        from fakeface.serve import ServeOptions, Server

    try:
        limits = ServeOptions(
            host=host,
            port=port,
            token=token,
            allowed_hosts=tuple(allowed_host or ()),
            cors_origins=tuple(cors_origin or ()),
            workers=workers,
            queue=queue,
            max_picture=round(max_picture * (1 << 20)),
        )
    except ValueError as error:
        raise UsageError(str(error)) from error

    detector = load_detector(settings, many=True)
    server = Server(detector, limits)  # clients may connect already
    try:
        say(f"{detector.model} {detector.info.version} serves at {server.url}; Ctrl-C stops it")
        if browser and _has_screen():
            webbrowser.open(server.url)
        server.run()
    except KeyboardInterrupt:  # what has begun is done
        say("stopped")
    return OK


def _has_screen() -> bool:
    """Whether a browser that is opened would be seen, and would not take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
