"""Requests that are not served, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request

FORM_HINT = "send files, as with: curl -F files=@photo.jpg"


def refusal(status: int, detail: str, **headers: str) -> HTTPException:
    """Make the exception that ends a request with a status and a reason.

    Args:
        status: HTTP status.
        detail: One sentence for the client.
        **headers: More headers, with `_` for `-`.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPException(status, detail, named)


def busy(seconds: int) -> HTTPException:
    """Refuse a request because too many wait already.

    Args:
        seconds: When the client may try again.
    """
    return refusal(429, "too many pictures wait already; try again later", retry_after=str(seconds))


async def as_json(_: Request, error: Exception) -> JSONResponse:
    """Answer with the reason, as `{"detail": ...}`."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
