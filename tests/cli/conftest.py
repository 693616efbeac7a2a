"""What tests of the command line share."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def sigterm() -> Iterator[None]:
    """Puts the handler of SIGTERM back, which is ignored after it was received."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
