from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from fakeface.cli import _progress
from fakeface.cli._progress import Progress, progress_for
from fakeface.reports._tally import Tally


def test_off_a_terminal_a_line_shows_now_and_then_that_it_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = Tally()
    with progress_for(SimpleNamespace(on_terminal=False), lambda: 5) as progress:
        assert progress is not None
        deadline = time.monotonic() + 30
        while progress.total is None and time.monotonic() < deadline:
            time.sleep(0.02)
        for name, verdict in (("a", "fake"), ("b", "uncertain"), ("c", "real"), ("d", "real")):
            monkeypatch.setattr(_progress, "_INTERVAL", 0 if name == "d" else 30)
            tally.count(name, verdict, declared_ai=False)
            progress.advance(tally)
    (last,) = capsys.readouterr().err.splitlines()
    assert last.startswith("fakeface: 4 of 5 files, about 0 s left: ")
    assert last.endswith("1 fake, 1 uncertain, 2 real")


def test_the_time_left_is_labelled() -> None:
    progress = Progress(None)
    assert str(progress) == "0 files"
    progress.total, progress._started = 5000, time.monotonic() - 60
    tally = Tally()
    tally.count("a.jpg", "fake", declared_ai=False)
    for _ in range(100):
        progress.advance(tally)
    assert str(progress) == "100 of 5,000 files, about 49 min left: 1 fake"
