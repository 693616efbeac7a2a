"""The report's four systems on ResNet50, from a weights file to verdicts in fp32 and int8.

No package ships the ImageNet weights, so the file is generated: random kernels under the names and
in the layout of the published one. What is tested is the whole way, not how good it is.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="needs the extra `train`")
import export.__main__
import train.__main__
from fakeface import Detector, Verdict
from fakeface.model_directory import read_model
from tests.train.conftest import fill
from train.networks.backbones import get_backbone

pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.timeout(3600)]

RECIPES = ("report", "report-avgpool", "report-leakyrelu", "report-swish")
SIZE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures as AI, noisy ones as Real."""
    root = tmp_path_factory.mktemp("resnet50") / "faces"
    fill(root / "AI" / "gan", 50, 0, noisy=False)
    fill(root / "Real" / "phones", 50, 200, noisy=True)
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in the layout of resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5.

    HDF5 as Keras 2 wrote it: the attribute `layer_names` of the file, `weight_names` of each
    layer's group, and a data set per weight. Batch norms fit the pictures, else random features of
    fifty layers would be beyond all bounds.
    """
    h5py = pytest.importorskip("h5py")
    import keras

    keras.utils.set_random_seed(0)
    network = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3)
    )
    norms = [layer for layer in network.layers if layer.name.endswith("_bn")]
    for layer in norms:
        layer.momentum = 0.0  # one pass sets the moving averages
    noise = np.random.default_rng(0).normal(0, 60, (16, SIZE, SIZE, 3)).astype(np.float32)
    network(noise, training=True)
    names = {"kernel": "kernel:0", "bias": "bias:0", "gamma": "gamma:0", "beta": "beta:0",
             "moving_mean": "moving_mean:0", "moving_variance": "moving_variance:0"}  # fmt: skip
    path = tmp_path_factory.mktemp("weights") / "resnet50_notop.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.4"
        for layer in network.layers:
            group = file.create_group(layer.name)
            mine = {f"{layer.name}/{names[w.name]}": w.numpy() for w in layer.weights}
            group.attrs["weight_names"] = [name.encode() for name in mine]
            for name, values in mine.items():
                group.create_dataset(name, data=values)
    return path


def test_the_published_layout_is_read_layer_by_layer(weights: Path) -> None:
    h5py = pytest.importorskip("h5py")
    model = get_backbone("resnet50").build(SIZE, str(weights))
    compared = 0
    with h5py.File(weights) as file:
        for layer in model.layers:
            if layer.weights:
                stored = file[layer.name]
                wanted = [np.asarray(stored[name]) for name in stored.attrs["weight_names"]]
                for ours, theirs in zip(layer.get_weights(), wanted, strict=True):
                    np.testing.assert_array_equal(ours, theirs)
                compared += 1
    assert compared == 53 + 53  # convolutions and batch norms


def invoke(application: object, *words: object) -> str:
    done = CliRunner().invoke(application, list(map(str, words)))  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    return done.output


def test_all_four_systems_from_weights_to_verdicts(
    folder: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export._int8.CHANGED", 1.0)  # one of few pictures is more than 1 %
    monkeypatch.setattr("export._int8.AUC_LOSS", 0.1)
    cache = ("--cache", tmp_path / "cache")
    said = invoke(
        train.__main__.app, "compare", "--data", folder, "--recipes", ",".join(RECIPES),
        "--weights", weights, "--epochs", 20, "--set", f"crop.size={SIZE}", "--set", "faces=whole",
        "-o", tmp_path / "runs", *cache,
    )  # fmt: skip
    assert "backbone resnet50" in said
    compared = json.loads((tmp_path / "runs" / "compare.json").read_text())
    assert [system["name"] for system in compared["systems"]] == list(RECIPES)
    assert all(system["auc"] > 0.9 for system in compared["systems"])
    smooth, noisy = (sorted((folder / name).rglob("*.png"))[:4] for name in ("AI", "Real"))
    for name in RECIPES:
        fp32, int8 = tmp_path / name, tmp_path / f"{name}-int8"
        invoke(export.__main__.app, tmp_path / "runs" / name, "-o", fp32)
        invoke(export.__main__.app, "int8", fp32, "--data", folder, "-o", int8, *cache)
        assert read_model(int8).settings["precision"] == "int8"
        sizes = [(path / "model.onnx").stat().st_size for path in (fp32, int8)]
        assert sizes[1] < 0.4 * sizes[0]
        for path in (fp32, int8):
            detector = Detector(path, whole=True)
            scores = [[detector.predict(p).p_fake for p in part] for part in (smooth, noisy)]
            assert min(scores[0]) > max(scores[1])
            assert detector.predict(noisy[0]).verdict is not Verdict.FAKE
