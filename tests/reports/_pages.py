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


def judged(name, p_fake, verdict):
    face = Face(Box(10, 10, 60, 60), 0.9, p_fake, verdict)
    return Prediction(name, "m", verdict=verdict, p_fake=p_fake, faces=(face,), size=(100, 90))
