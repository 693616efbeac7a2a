from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from fakeface.cli import _progress
from fakeface.cli._progress import progress_for
from fakeface.reports._tally import Tally


def test_off_a_terminal_a_line_shows_now_and_then_that_it_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_progress, "_INTERVAL", 0.02)
    tally, shown = Tally(), ""
    with progress_for(SimpleNamespace(on_terminal=False), lambda: 5) as progress:
        assert progress is not None
        for name, verdict in (("a", "fake"), ("b", "uncertain"), ("c", "real"), ("d", "real")):
            tally.count(name, verdict, declared_ai=False)
            progress.advance(tally)
        deadline = time.monotonic() + 30
        while " of 5 files" not in shown and time.monotonic() < deadline:
            time.sleep(0.02)
            shown += capsys.readouterr().err
    last = shown.splitlines()[-1]
    assert last.startswith("fakeface: 4 of 5 files, about 0 s left: ")
    assert last.endswith("1 fake, 1 uncertain, 2 real")
