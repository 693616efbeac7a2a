import json

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.speed._latency import pictures
from benchmarks.speed._throughput import record_work, throughput
from fakeface import Detector


def test_the_calls_of_a_verdict_are_recorded(models):
    detector = Detector(models[0])
    work = record_work(detector, pictures()["1024 px"])
    assert work.decodes
    assert all(max(size) <= 1024 for size in work.decodes)
    assert work.runs
    assert all(session is not detector.classifier.session for session, *_ in work.runs)
    assert work.crop.shape == (1, 32, 32, 3)


def test_a_picture_without_a_face_is_rejected(models, samples):
    with pytest.raises(ValueError, match="exactly one face"):
        record_work(Detector(models[0]), (samples / "other" / "cat.png").read_bytes())


def test_every_cell_is_measured(models):
    result = throughput(str(models[0]), "256 px", [1, 2], [1, 3], seconds=0)
    json.dumps(result, allow_nan=False)
    assert [(c["threads"], c["batch"]) for c in result["cells"]] == [(1, 1), (1, 3), (2, 1), (2, 3)]
    for cell in result["cells"]:
        assert cell["per_second"]["fakeface"] > 0
        assert cell["share_of_bound"] == pytest.approx(
            cell["per_second"]["fakeface"] / cell["per_second"]["bound"], rel=0.01
        )
        assert set(cell["bound_ms"]) == {"decode", "faces", "model"}


def test_the_command(models, tmp_path):
    arguments = ["throughput", "-m", models[0], "--size", "256 px", "--batch", 2, "--threads", 1]
    arguments += ["--seconds", 0, "-o", tmp_path / "out"]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "throughput.json",
        "throughput.md",
        "throughput.png",
    }
    assert "| 1, 2 |" in done.output
    wrong = CliRunner().invoke(app, ["throughput", "--size", "huge"])
    assert wrong.exit_code == 2
