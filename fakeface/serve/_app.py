"""The HTTP API: its paths, and what each takes and returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse

from fakeface._version import __version__
from fakeface.diagnostics import installed
from fakeface.reports._jsonl import encode
from fakeface.serve._docs import POLICY, docs_page
from fakeface.serve._guard import Guard
from fakeface.serve._metrics import Metrics
from fakeface.serve._options import ServeOptions
from fakeface.serve._page import add_page
from fakeface.serve._pool import Pool
from fakeface.serve._record import Record
from fakeface.serve._uploads import Upload, read_pictures

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.types import Prediction

_DESCRIPTION = (
    "Tells whether pictures of faces are photographs or were made by AI. Nothing is kept: pictures"
    " are in memory only until they are classified. A verdict is a signal, not a proof."
)
_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"files": {"type": "array", "items": _BINARY}},
            "required": ["files"],
        }
    }
}
_NAME = {
    "name": "name",
    "in": "query",
    "schema": {"type": "string"},
    "description": "What to call a picture that is sent as the body; files of a form have names.",
}


class Reason(BaseModel):
    """Why a request was not served."""

    detail: str = Field(description="One sentence.")


class Health(BaseModel):
    """That the server answers."""

    status: Literal["ok"] = "ok"


class Info(BaseModel):
    """What is installed and how this server is set."""

    versions: dict[str, str]
    providers: list[str]
    formats: list[str]
    models: list[dict[str, Any]]
    trust_list: str | None = Field(description="Date of the C2PA's list of certificates.")
    detector: dict[str, Any] = Field(description="Its model and settings.")
    limits: dict[str, int] = Field(description="In bytes, requests and threads.")


_REASONS: dict[int | str, dict[str, Any]] = {
    status: {"model": Reason, "description": text}
    for status, text in {
        400: "The form is broken, or has too many files.",
        401: "The token is missing or wrong.",
        403: "Another site's page sent the request.",
        413: "The picture or the form is too large.",
        415: "The body is text, JSON, or compressed.",
        421: "The server is not known by the name in the Host header.",
        422: "There is no picture.",
        429: "Too many requests wait; see Retry-After.",
    }.items()
}


def create_app(detector: Detector, options: ServeOptions | None = None) -> FastAPI:
    """Make the application, to be run by any ASGI server.

    `fakeface serve` runs it with uvicorn.

    Args:
        detector: The detector that all requests share.
        options: Limits and checks; None for the defaults. `host` decides which `Host` headers are
            accepted.

    Returns:
        The application.
    """
    options = ServeOptions() if options is None else options
    metrics = Metrics()
    pool = Pool(detector, options, metrics.picture)
    metrics.gauge("requests_open", "Requests admitted and not answered.", lambda: pool.requests)
    metrics.gauge("held_bytes", "Bytes of pictures in memory.", lambda: pool.held)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(pool.close)

    app = FastAPI(
        title="fakeface",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # these pages load programs from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, options=options, metrics=metrics)
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=options.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type"),
        )
    _add_api(app, pool, options, metrics)
    add_page(app, pool, options)
    return app


def _add_api(app: FastAPI, pool: Pool, options: ServeOptions, metrics: Metrics) -> None:
    detector = pool.detector
    about = Info(
        **installed(),
        detector={
            "model": detector.model,
            "version": detector.info.version,
            "settings": detector.settings,
            "thresholds": asdict(detector.thresholds),
            "whole": detector.whole,
            "min_face": detector.min_face,
            "frames": detector.frames,
        },
        limits={
            "max_picture": options.max_picture,
            "queue": options.queue,
            "workers": pool.workers,
        },
    )

    @app.post(
        "/v1/predict",
        summary="Classify pictures",
        response_model=list[Record],
        response_description="One record for each picture, in order, as of `fakeface predict"
        " --format json`; of a picture that cannot be read, `error` says why.",
        responses=_REASONS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {**_FORM, "image/*": {"schema": _BINARY}},
            },
            "parameters": [_NAME],
        },
    )
    async def predict(request: Request) -> Response:
        """Take one picture as the body, or a form with files."""
        with pool.admitted() as take:
            pictures = await read_pictures(request, options, take)
            records = await pool.classify(pictures, _encoded)
        text = "[\n" + ",\n".join(records) + "\n]\n"
        return Response(text, media_type="application/json")

    @app.get("/v1/info", summary="Describe the server")
    async def info() -> Info:
        """Return versions, models, the detector's settings and the limits."""
        return about

    @app.get("/healthz", summary="Check that the server works")
    async def healthz() -> Health:
        """Return 200 while the server answers."""
        return Health()

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        url = f"{request.base_url}v1/predict?name=portrait.jpg"
        page = docs_page(app.openapi(), f"curl --data-binary @portrait.jpg '{url}'")
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    @app.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def figures() -> Response:
        """Return counts of requests, pictures and verdicts, latency and memory."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _encoded(prediction: Prediction, _: Upload | None) -> str:
    return encode(prediction)
