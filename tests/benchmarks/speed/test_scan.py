import json

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app


@pytest.fixture(scope="module")
def result(models, samples, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    words = ["scan", "-m", str(models[0]), "--pictures", str(samples), "--seconds", "0",
             "--files", "60", "--records", "300", "-o", str(out)]  # fmt: skip
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert (out / "scan.md").read_text() in done.stdout
    return json.loads((out / "scan.json").read_text())


def test_the_scan_is_compared_with_its_stages(result, samples):
    (found,) = result["throughput"].values()
    assert found["pictures"] == len([*samples.glob("*/*.jpg"), *samples.glob("*/*.png")])
    rate = found["per_second"]
    assert rate["bound"] < min(rate["prepare_alone"], rate["model_alone"])
    assert found["share_of_bound"] == pytest.approx(rate["scan"] / rate["bound"])
    assert 0.2 < found["share_of_bound"] < 2


def test_memory_is_measured_over_files(result):
    assert [files for files, _ in result["memory"]] == [3, 15, 30, 45, 60]
    peaks = [megabytes for _, megabytes in result["memory"]]
    assert peaks == sorted(peaks)
    assert peaks[0] > 20


def test_resuming_costs_less_than_scanning(result):
    assert result["resume"]["share_of_scan"] < 1
    assert result["resume"]["records"] == 300


def test_a_folder_without_faces_is_an_error(models, tmp_path):
    words = ["scan", "-m", str(models[0]), "--pictures", str(tmp_path), "-o", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
