"""Assemble the page from its files.

The report and other pages show pictures with the same style sheet, the same modules in `js/`, and
the same pieces of HTML (`parts`), whose elements they fill. They show records, each made by
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
from fakeface.reports._html._bundle import SCRIPTS, bundle

_HERE = Path(__file__).parent


def block(value: Any) -> str:
    r"""Encode a value as JSON for a `<script>` element: no `<` ends the element early.

    Everything beyond ASCII is escaped, lone surrogates of names that are not UTF-8 among it.
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def page_style() -> str:
    """Return the style sheet of HTML reports, for other pages in the same look."""
    return "".join(read(f"{name}.css") for name in ("page", "answer", "print"))


def parts() -> dict[str, str]:
    """Return the pieces of HTML that every page has, by name; `results` is most of `<main>`."""
    names = ("symbols", "single", "results", "detail")
    return {name: read(f"parts/{name}.html") for name in names}


def policy_of(style: str, script: str) -> dict[str, str]:
    """Return the content security policy of a page with one style sheet and one program."""
    return {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


class Page:
    """The parts of the page before and after the records."""

    def __init__(self) -> None:
        """Read the files of the page."""
        program = bundle(SCRIPTS / "main.js")
        policy = policy_of(page_style(), program)
        self._values = {
            "policy": "; ".join(f"{name} {of}" for name, of in policy.items()),
            "script": program,
            "style": page_style(),
            "version": __version__,
            **parts(),
        }
        self._before, self._after = read("page.html").split("{{records}}")

    def before(self, about: str) -> str:
        """Return the page up to the records; `about` describes the scan, as a `block`."""
        return fill(self._before, {**self._values, "about": about})

    def after(self, end: str) -> str:
        """Return the page after the records; `end` says how the scan ended, as a `block`."""
        return fill(self._after, {**self._values, "end": end})


def read(name: str) -> str:
    """Return one of the files of the page."""
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def fill(template: str, values: dict[str, str]) -> str:
    """Return a text with a value in the place of each `{{name}}`."""
    return re.sub(r"\{\{(\w+)\}\}", lambda name: values[name[1]], template)
