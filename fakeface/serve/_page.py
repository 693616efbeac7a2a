"""The page for people: reports that grow while pictures are dropped on them.

Cards, filters and details are those of reports (`fakeface.reports._html`). The page sends each
picture to `/page/records` and gets what a report holds of it; saving puts the same records into an
empty report. The server keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse

from fakeface._crop import CropSpec
from fakeface.reports._html._about import now
from fakeface.reports._html._live import empty_report, live_page, page_facts
from fakeface.reports._html._page import block
from fakeface.reports._html._record import PictureStyle, record
from fakeface.reports._jsonl import encode
from fakeface.serve._options import ServeOptions, is_loopback
from fakeface.serve._uploads import Upload, read_picture

if TYPE_CHECKING:
    from fakeface.serve._pool import Finish, Pool
    from fakeface.types import Prediction


def add_page(app: FastAPI, pool: Pool, options: ServeOptions) -> None:
    """Add the page and what it asks for to an application."""
    if is_loopback(options.host):
        where = "the fakeface program on this machine, and nowhere else"
    else:
        where = "the fakeface server that this page came from"
    page, policy = live_page(
        where=where, policy={"connect-src": "'self'", "frame-ancestors": "'none'"}
    )
    empty = empty_report()
    finish = _finish(pool.detector.info.crop or CropSpec())

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    @app.get("/page/about", include_in_schema=False)
    async def describe() -> Response:
        return JSONResponse(
            {
                **page_facts(pool.detector, now()),
                "workers": pool.workers,
                "max_picture": options.max_picture,
            }
        )

    @app.get("/page/report", include_in_schema=False)
    async def report() -> Response:
        return PlainTextResponse(empty)

    @app.post("/page/records", include_in_schema=False)
    async def records(request: Request) -> Response:
        """Take any file as the body: one that is no picture gets a record with an error."""
        with pool.admitted() as take:
            (text,) = await pool.classify([await read_picture(request, options, take)], finish)
        return Response(text, media_type="application/json")


def _finish(crop: CropSpec) -> Finish:
    style = PictureStyle(crop)

    def finish(prediction: Prediction, upload: Upload | None) -> str:
        """Encode all that the page may need: the record of a report, and those of files."""
        if upload is not None:
            upload.seek(0)
        # without its bytes a picture is shown by no preview, never by a file of this name
        shown: Any = b"" if upload is None else upload
        parts = {
            "record": block(record(prediction, style, shown)),
            "prediction": encode(prediction),
        }
        return "{" + ",".join(f'"{key}":{value}' for key, value in parts.items()) + "}"

    return finish
