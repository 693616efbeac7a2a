import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from PIL import Image

from export import QuantizationError, QuantizationRejectedError
from export.__main__ import app
from export.int8._acceptance import Acceptance, compare, rejection_message
from export.int8._export import export_int8
from export.int8._network import Layer
from export.int8._request import Request
from fakeface import Detector, Thresholds
from fakeface.inference import Classifier
from tests.export._networks import SIZE, crops, info, make_network, write

GOOD = Acceptance(
    pictures=1000,
    auc_fp32=0.96,
    auc=0.957,
    changed=0.009,
    changes={"real to uncertain": 9},
    turned=0.0,
    largest=0.04,
    batch=1e-6,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Flat pictures as AI, noise as photographs: 40 of each."""
    root = tmp_path_factory.mktemp("int8") / "data"
    rng = np.random.default_rng(0)
    for label in ("AI", "Real"):
        (root / label).mkdir(parents=True)
        for index in range(40):
            flat = np.full((SIZE, SIZE, 3), rng.integers(60, 200, 3), np.int64)
            noise = rng.normal(0, 2 if label == "AI" else 60, (SIZE, SIZE, 3))
            pixels = np.clip(flat + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / label / f"{index}.png")
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


def ask(original, folder, out, **changed):
    request = Request(
        model=original,
        data=folder,
        cache=out.parent / "cache",
        out=out,
        name=out.name,
        crops=24,
    )
    return replace(request, **changed)


@pytest.fixture(scope="module")
def quantised(original, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "small-int8"
    return out, *export_int8(ask(original, folder, out))


def test_the_quantised_model_runs_in_the_library(quantised, original, folder):
    out, _, acceptance = quantised
    picture = folder / "AI" / "0.png"
    before = Detector(original, whole=True).predict(picture)
    after = Detector(out, whole=True).predict(picture)
    assert after.model == "small-int8"
    assert after.verdict == before.verdict
    assert after.p_fake == pytest.approx(before.p_fake, abs=0.1)
    assert not acceptance.violations()
    assert after.faces[0].heatmap.values.mean() == pytest.approx(
        np.log(after.p_fake / (1 - after.p_fake)), abs=1e-3
    )


def test_its_provenance_is_recorded(quantised, original):
    out, _, acceptance = quantised
    described = json.loads((out / "model.json").read_text())
    recorded = described["provenance"]["quantised"]
    assert described["settings"]["precision"] == "int8"
    assert described["provenance"]["exported_by"] == "tests"  # what made the model in fp32
    assert recorded["from"]["sha256"] == json.loads((original / "model.json").read_text())["sha256"]
    assert recorded["scheme"]["method"] == "percentile"
    assert recorded["steps"][0]["kept_in_fp32"] == 0
    assert recorded["kept_in_fp32"] == []
    assert recorded["layers"] == []  # none had to be measured
    assert recorded["acceptance_test"]["pictures"] == acceptance.pictures
    assert described["figures"]["test"]["auc"] == pytest.approx(acceptance.auc, abs=1e-6)
    readme = (out / "README.md").read_text()
    assert readme.startswith("# small-int8 1.0.0")
    assert "## How it was quantised" in readme
    assert (out / "golden.json").exists()
    metadata = {p.key: p.value for p in onnx.load(out / "model.onnx").metadata_props}
    assert json.loads(metadata["fakeface"])["settings"]["precision"] == "int8"


def test_other_data_than_those_of_the_training_are_noted(quantised):
    _, info, _ = quantised
    assert "test split may" in info.provenance["quantised"]["warning"]


def test_a_picture_scores_the_same_alone_and_in_a_batch(quantised):
    out, _, acceptance = quantised
    assert acceptance.batch <= 1e-3
    model = Classifier(out)
    some = crops(8, seed=5)
    alone = np.concatenate([model.predict(crop[np.newaxis]) for crop in some])
    np.testing.assert_allclose(model.predict(some), alone, atol=1e-3)


def test_a_model_that_fails_the_acceptance_test_is_rejected_and_not_written(
    original, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("export.int8._acceptance.CHANGED", -1.0)
    out = tmp_path / "never"
    with pytest.raises(QuantizationRejectedError, match="failed the acceptance") as rejected:
        export_int8(ask(original, folder, out))
    assert "of the verdicts changed" in str(rejected.value)
    assert not out.exists()
    info, acceptance = export_int8(ask(original, folder, out, most_fp32=1, allow=True))
    assert acceptance.violations()
    assert "It failed the acceptance test of `export`" in (out / "README.md").read_text()
    assert info.provenance["quantised"]["acceptance_test"]["violations"] == acceptance.violations()


@pytest.mark.parametrize("minutes", [None, 0])
def test_sensitive_layers_stay_in_fp32_where_too_many_verdicts_would_change(
    original, folder, tmp_path, monkeypatch, capsys, minutes
):
    monkeypatch.setattr("export.int8._choose.MAX_EXPECTED_CHANGE", -1.0)
    info, _ = export_int8(ask(original, folder, tmp_path / "some", most_fp32=2, minutes=minutes))
    recorded = info.provenance["quantised"]
    none, some = (step["kept_in_fp32"] for step in recorded["steps"][:2])
    assert none == 0
    assert some in (1, 2)  # two where the most sensitive layer may not stay in fp32 alone
    best = min(recorded["steps"], key=lambda step: step["expected"])
    assert len(recorded["kept_in_fp32"]) == best["kept_in_fp32"]
    measured = {row["name"] for row in recorded["layers"]}
    assert not measured if minutes == 0 or not recorded["kept_in_fp32"] else "stem" in measured
    lines = capsys.readouterr().err.splitlines()
    steps = [line[:11] for line in lines if line.startswith("step ")]
    assert list(dict.fromkeys(steps)) == [f"step {n} of 5" for n in range(1, 6)]
    assert any("measuring the sensitivity of layers" in line for line in lines)


def test_a_quantised_model_is_not_quantised_again(quantised, folder, tmp_path):
    with pytest.raises(QuantizationError, match="quantised already"):
        export_int8(ask(quantised[0], folder, tmp_path / "again"))


def test_the_acceptance_test_compares_verdicts_by_each_models_own_thresholds(
    original, folder, tmp_path
):
    from export.int8._samples import read_data

    data, _ = read_data(info(), folder, tmp_path / "cache")
    write(make_network(), tmp_path / "other", thresholds=Thresholds(fake=1.0, real=0.0))
    samples = data.split("test")
    acceptance, _ = compare(Classifier(original), Classifier(tmp_path / "other"), samples)
    assert acceptance.changed == 1.0  # nothing is certain any more
    assert sum(acceptance.changes.values()) == acceptance.pictures == len(samples)
    assert acceptance.auc == acceptance.auc_fp32
    same, _ = compare(Classifier(original), Classifier(original), samples)
    assert same.changed == same.largest == 0
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
    acceptance = replace(GOOD, **changed)
    (violation,) = acceptance.violations()
    assert words in violation
    message = rejection_message(
        info(), acceptance, [Layer("stem", 0.3), Layer("deep", 0.4)], ["stem"]
    )
    assert violation in message
    assert "0.400  deep" in message
    assert "0.300  stem" not in message
    unmeasured = rejection_message(info(), acceptance, [Layer("stem", None)], [])
    assert "sensitive" not in unmeasured
    assert "--most-float" not in unmeasured


def test_the_command_fails_in_one_line(original, tmp_path, capsys, monkeypatch):
    arguments = ["export", "int8", str(original), "--data", str(tmp_path / "none")]
    monkeypatch.setattr("sys.argv", [*arguments, "-o", str(tmp_path / "m")])
    with pytest.raises(SystemExit) as stopped:
        app(prog_name="python -m export")
    assert stopped.value.code == 2
    assert "is not a folder" in " ".join(capsys.readouterr().err.split())
