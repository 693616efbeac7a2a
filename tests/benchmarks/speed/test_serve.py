from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app

for _name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
    pytest.importorskip(_name, reason="needs the extra `serve`")


def test_a_server_is_measured_beside_a_scan(models: list[Path], tmp_path: Path) -> None:
    words = ["serve", "-m", str(models[0]), "--pictures", "samples/real", "--rounds", "1",
             "--requests", "40", "-o", str(tmp_path)]  # fmt: skip
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert (tmp_path / "serve.md").read_text() in done.stdout
    result = json.loads((tmp_path / "serve.json").read_text())
    (found,) = result["sets"].values()
    assert found["pictures"] > 2
    assert found["share_of_scan"] > 0.1
    for latency in found["latency_ms"].values():
        assert 0 < latency["p50"] <= latency["p99"]
    assert [requests for requests, _ in result["memory"]] == [4, 10, 20, 30, 40]
    assert all(megabytes > 20 for _, megabytes in result["memory"])
