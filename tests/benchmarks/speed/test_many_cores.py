from __future__ import annotations

import json

from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.speed._projection import CORES, WAYS


def test_ways_are_measured_and_projected(models, tmp_path):
    arguments = ["throughput", "-m", models[0], "--size", "256 px", "--workers", 2]
    arguments += ["--seconds", 0, "-o", tmp_path / "out"]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert "Projected, not measured" in done.output
    result = json.loads((tmp_path / "out" / "many-cores.json").read_text())
    assert [(c["way"], c["workers"]) for c in result["cells"]] == [
        (way, number) for way in WAYS for number in (1, 2)
    ]
    for cell in result["cells"]:
        assert cell["cpu_ms"] > 0
        assert cell["per_second"] > 0
        assert cell["private_mb"] is None or cell["private_mb"] > 10
    assert all(took > 0 for took in result["parts"].values())
    assert len(result["projected"]) == len(WAYS) * len(CORES)


def test_one_worker_projects_nothing():
    done = CliRunner().invoke(app, ["throughput", "--workers", "1"])
    assert done.exit_code == 2
    assert "--workers 2" in done.output
