"""Assemble the page from its files.

The report and other pages show pictures with the same parts: `style` and `script` for all of them,
and pieces of HTML (`part`) whose elements the script fills. The script shows records, each made by
`_record.record`, whether they stand in the file or arrive later:

    const page = new ReportPage(about);  // `_about.about`
    page.add(records);                   // as often as more arrive
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from fakeface._version import __version__

_HERE = Path(__file__).parent
_SCRIPTS = (
    "dom",
    "records",
    "picture",
    "histogram",
    "changes",
    "review",
    "filter",
    "card",
    "results",
    "detail",
    "rates",
    "files",
    "page",
)
"""The script of every page, in the order of its parts."""

_PARTS = ("symbols", "results", "detail")
_POLICY = (
    "default-src 'none'; img-src data:; style-src {style}; script-src {script};"
    " base-uri 'none'; form-action 'none'"
)


def block(value: Any) -> str:
    r"""Encode a value as JSON for a `<script>` element: no `<` ends the element early.

    Everything beyond ASCII is escaped, lone surrogates of names that are not UTF-8 among it.
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def script(*more: str) -> str:
    """Return the program of a page.

    Args:
        *more: Names of files in `js/` that come last, such as `main` for a report.
    """
    return '"use strict";\n' + "\n".join(_read(f"js/{name}.js") for name in (*_SCRIPTS, *more))


def style() -> str:
    """Return the style sheet."""
    return _read("page.css")


def part(name: str) -> str:
    """Return a piece of HTML: `symbols`, `results` (all of `<main>`) or `detail` (the dialog)."""
    return _read(f"parts/{name}.html")


def policy_of(style: str, script: str) -> str:
    """Return the content security policy of a page with one style sheet and one program."""
    return _POLICY.format(style=_hash(style), script=_hash(script))


class Page:
    """The parts of the page before and after the records."""

    def __init__(self) -> None:
        """Read the files of the page."""
        program = script("main")
        self._values = {
            "policy": policy_of(style(), program),
            "script": program,
            "style": style(),
            "version": __version__,
            **{name: part(name) for name in _PARTS},
        }
        self._before, self._after = _read("page.html").split("{{records}}")

    def before(self, about: str) -> str:
        """Return the page up to the records.

        Args:
            about: The description of the scan, as a `block`.
        """
        return _fill(self._before, {**self._values, "about": about})

    def after(self, end: str) -> str:
        """Return the page after the records.

        Args:
            end: How it ended, as a `block`.
        """
        return _fill(self._after, {**self._values, "end": end})


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _fill(template: str, values: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda name: values[name[1]], template)
