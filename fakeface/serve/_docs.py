"""`/docs`: `/openapi.json` for people, in a page that loads nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLE = (
    "body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}"
    ":root{color-scheme:light dark}td{padding:0 1rem .2rem 0;vertical-align:top}"
)
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"
"""Content security policy of the page."""


def docs_page(api: dict[str, Any], example: str) -> str:
    """Return the page.

    Args:
        api: What `/openapi.json` holds.
        example: A command that asks the server.
    """
    parts = [f"<h1>{escape(api['info']['title'])}</h1><p>{escape(api['info']['description'])}"]
    parts.append(f"<pre>{escape(example)}</pre><p>For programs: <a href=openapi.json>OpenAPI</a>.")
    for path, methods in api["paths"].items():
        for method, about in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2>")
            parts.append(f"<p>{escape(about['summary'])}. {escape(about['description'])}")
            answers = about["responses"].items()
            parts.append(_table((code, answer["description"]) for code, answer in answers))
    for name, schema in api["components"]["schemas"].items():
        fields = schema.get("properties", {}).items()
        parts.append(f"<h2>{escape(name)}</h2><p>{escape(schema.get('description', ''))}")
        parts.append(_table((key, field.get("description", "")) for key, field in fields))
    head = "<!doctype html><html lang=en><meta charset=utf-8><title>fakeface: HTTP API</title>"
    size = "<meta name=viewport content='width=device-width'>"
    return f"{head}{size}<style>{_STYLE}</style><main>{''.join(parts)}</main>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = (f"<tr><td><code>{escape(key)}</code><td>{escape(text)}" for key, text in rows)
    return f"<table>{''.join(cells)}</table>"
