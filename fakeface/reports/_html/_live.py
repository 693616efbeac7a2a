"""Assemble the page that pictures are dropped on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface._version import __version__
from fakeface.reports._html._about import about
from fakeface.reports._html._bundle import SCRIPTS, bundle
from fakeface.reports._html._page import Page, fill, page_style, parts, policy_of, read

if TYPE_CHECKING:
    from fakeface._detector import Detector

SERVER = SCRIPTS / "live-server.js"
"""The program of the page of `fakeface serve`."""


def live_page(
    entry: Path = SERVER,
    *,
    where: str,
    policy: Mapping[str, str],
    head: str = "",
) -> tuple[str, str]:
    """Return a page that pictures are dropped on, complete in one file, and its security policy.

    Args:
        entry: The ES module that starts it: it imports `start` from `./live.js` and calls it with
            a judge, which `js/judge.js` describes.
        where: Where pictures go, in words that follow "Pictures go to".
        policy: Directives of the content security policy that are added to those of every page;
            sources of a directive that is there already are added to its own.
        head: More HTML for the head; `{{policy}}` in it stands for the policy.

    Returns:
        The HTML, and the value of the header `Content-Security-Policy`.
    """
    program, styles = bundle(entry), f"{page_style()}\n{read('live.css')}"
    directives = policy_of(styles, program)
    for name, sources in {"img-src": "blob:", **policy}.items():
        directives[name] = f"{directives.get(name, '')} {sources}".strip()
    header = "; ".join(f"{name} {sources}" for name, sources in directives.items())
    values = {
        "head": fill(head, {"policy": header}),
        "script": program,
        "style": styles,
        "version": __version__,
        "where": where,
        **parts(),
    }
    return fill(read("live.html"), values), header


def empty_report() -> str:
    """Return a report without records, which the page fills when its results are saved."""
    page = Page()
    text = page.before("") + page.after("")
    return text.replace('id="state-data">null<', 'id="state-data"><')


def page_facts(detector: Detector, date: str) -> dict[str, Any]:
    """Return what a judge says of its detector (`Info` in `js/judge.js`), ready for JSON.

    Args:
        detector: The detector.
        date: When the page is opened, in words.
    """
    described = about(detector, "", date)
    return {"about": described, "model": detector.model, "settings": detector.settings}
