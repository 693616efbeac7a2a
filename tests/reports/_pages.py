"""Predictions and a browser for tests of pages."""

from __future__ import annotations

import os
import shutil

import pytest

from fakeface import Box, Face, Prediction

CHROMIUM = os.environ.get("FAKEFACE_CHROMIUM") or shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on the PATH (or in FAKEFACE_CHROMIUM)"
)


SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, summary, select, input")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((node) => !node.closest("label, .skip"))
  .map((node) => [node.outerHTML.slice(0, 120), node.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24)
  .map(([html, box]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""


def check_accessible(page, state):
    """Nothing that axe knows of is wrong, and what can be pressed is 24 pixels wide and high."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    told = [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"][:3]]
    assert not told, f"{state}: {told}"
    assert page.evaluate(SMALL_TARGETS) == [], state


def judged(name, p_fake, verdict):
    face = Face(Box(10, 10, 60, 60), 0.9, p_fake, verdict)
    return Prediction(name, "m", verdict=verdict, p_fake=p_fake, faces=(face,), size=(100, 90))
