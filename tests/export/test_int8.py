import json
from collections import Counter
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from typer.testing import CliRunner

from export import ExportError, QuantizationRejectedError
from export.__main__ import app
from export._int8 import Comparison, compare, export_int8
from export._quantize import quantize
from fakeface import Detector, Thresholds
from fakeface.inference import Classifier, open_session
from tests.export._networks import crops, make_network, write
from tests.train.conftest import fill
from train.data import Sample

GOOD = Comparison(
    pictures=1000,
    auc_fp32=0.96,
    auc=0.957,
    changed=0.009,
    changes={"real to uncertain": 9},
    largest=0.04,
    batch=1e-6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Smooth pictures as AI, noisy ones as photographs."""
    root = tmp_path_factory.mktemp("int8") / "data"
    fill(root / "AI", 40, 0, noisy=False)
    fill(root / "Real", 40, 100, noisy=True)
    return root


@pytest.fixture(scope="module")
def original(folder, tmp_path_factory):
    """The network in fp32, its thresholds where nothing lies."""
    network = make_network()
    out = tmp_path_factory.mktemp("models") / "small"
    write(network, out)
    scores = sorted(
        Detector(out, provider="cpu", whole=True).predict(path).p_fake
        for path in folder.glob("*/*.png")
    )
    gap = int(np.diff(scores).argmax())
    low, high = scores[gap : gap + 2]
    write(network, out, thresholds=Thresholds((2 * high + low) / 3, (high + 2 * low) / 3))
    return out


@pytest.fixture(scope="module")
def quantised(original, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "small-int8"
    return out, *export_int8(original, folder, folder.parent / "cache", out, "small-int8")


def test_what_lies_between_the_first_fifth_and_the_head_runs_in_int8(tmp_path):
    quantised = quantize(make_network(), crops(48))
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(quantised.SerializeToString(), options, ["CPUExecutionProvider"])
    ran = Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)
    assert (ran["Conv"], ran["QLinearConv"]) == (1, 5)
    assert ran["QLinearAdd"] == 1
    assert ran["QuantizeLinear"] == 1
    assert ran["DequantizeLinear"] <= 2  # for the mean and for the map


def test_its_scores_and_map_are_close_to_those_in_fp32():
    def run(model):
        session = open_session("test", model.SerializeToString(), "cpu")
        p_fake, cam = session.run(["p_fake", "cam"], {"image": crops(64, seed=1)})
        return np.log(p_fake / (1 - p_fake)), cam

    network = make_network()
    wanted, found = run(network), run(quantize(network, crops(48)))
    assert (found[0] - wanted[0]).std() < 0.1 * wanted[0].std()
    assert np.abs(found[1] - wanted[1]).mean() < 0.1 * wanted[1].std()


def test_the_quantised_model_runs_in_the_library(quantised, original, folder):
    out, _, comparison = quantised
    picture = folder / "AI" / "0.png"
    before = Detector(original, whole=True).predict(picture)
    after = Detector(out, whole=True).predict(picture)
    assert after.model == "small-int8"
    assert after.verdict == before.verdict
    assert after.p_fake == pytest.approx(before.p_fake, abs=0.1)
    assert not comparison.violations()
    assert after.faces[0].heatmap.values.mean() == pytest.approx(
        np.log(after.p_fake / (1 - after.p_fake)), abs=1e-3
    )


def test_its_provenance_is_recorded(quantised, original):
    out, info, comparison = quantised
    described = json.loads((out / "model.json").read_text())
    recorded = described["provenance"]["quantised"]
    assert described["settings"]["precision"] == "int8"
    assert described["provenance"]["exported_by"] == "tests"  # what made the model in fp32
    assert recorded["from"]["sha256"] == json.loads((original / "model.json").read_text())["sha256"]
    assert recorded["acceptance_test"]["pictures"] == comparison.pictures
    assert "test split may" in info.provenance["quantised"]["warning"]  # of other data
    assert described["figures"]["test"]["auc"] == pytest.approx(comparison.auc, abs=1e-6)
    readme = (out / "README.md").read_text()
    assert readme.startswith("# small-int8 1.0.0")
    assert "## How it was quantised" in readme
    assert (out / "golden.json").exists()
    metadata = {p.key: p.value for p in onnx.load(out / "model.onnx").metadata_props}
    assert json.loads(metadata["fakeface"])["settings"]["precision"] == "int8"


def test_a_model_that_fails_the_acceptance_test_is_rejected_and_not_written(
    original, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("export._int8.CHANGED", -1.0)
    out = tmp_path / "never"
    with pytest.raises(QuantizationRejectedError, match="of the verdicts changed"):
        export_int8(original, folder, folder.parent / "cache", out, "never")
    assert not out.exists()


def test_a_quantised_model_is_not_quantised_again(quantised, folder, tmp_path):
    with pytest.raises(ExportError, match="quantised already"):
        export_int8(quantised[0], folder, tmp_path / "cache", tmp_path / "again", "again")


def test_the_comparison_counts_changed_verdicts(original, folder, tmp_path):
    write(make_network(seed=1), tmp_path / "other")
    samples = [
        Sample(f"{name}/{path.name}", path, label, "folder", "test")
        for label, name in enumerate(("AI", "Real"))
        for path in sorted((folder / name).glob("*.png"))
    ]
    fp32 = Classifier(original)
    other, p_fake = compare(fp32, Classifier(tmp_path / "other"), samples)
    assert p_fake.shape == (80,)
    assert other.changed > 0
    assert sum(other.changes.values()) == round(80 * other.changed)
    same, _ = compare(fp32, fp32, samples)
    assert same.changed == same.largest == 0
    assert same.auc == same.auc_fp32
    assert not same.violations()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"auc": 0.9549}, "AUC 0.9549 instead of 0.9600"),
        ({"changed": 0.0101}, "1.01% of the verdicts changed"),
        ({"batch": 2e-3}, "alone and in a batch"),
    ],
)
def test_violations_are_explained(changed, words):
    assert not GOOD.violations()
    (violation,) = replace(GOOD, **changed).violations()
    assert words in violation


def test_the_command_fails_in_one_line(original, tmp_path):
    data, out = str(tmp_path / "none"), str(tmp_path / "m")
    done = CliRunner().invoke(app, ["int8", str(original), "--data", data, "-o", out])
    assert done.exit_code == 2
    assert "is not a folder" in " ".join(done.output.split())
