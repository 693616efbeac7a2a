"""Model directories from anybody: refused in words that name the model."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from fakeface import Detector, ModelError
from fakeface._model import MODELS
from fakeface._model_files import reject_reason
from tests._models import make_cam_classifier, make_classifier
from tests._process import MAIN
from tests.hostile._models import external, rewrite, scores, tampered


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make_classifier(tmp_path / "good")


def test_every_tampered_model_is_refused(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    count = 0
    for name, model in tampered(good, tmp_path / "tampered"):
        count += 1
        with pytest.raises(ModelError) as caught:
            Detector(model, "cpu", whole=True)
            pytest.fail(f"{name} was taken")
        message = str(caught.value)
        assert message.isprintable(), name
        assert len(message) < 700, name
        assert str(model) in message or "good" in message, (name, message)
    assert count > 150


@pytest.mark.parametrize(
    "change", [scores([float("nan")]), external], ids=["impossible score", "external data"]
)
def test_the_command_line_says_so_in_one_line(
    good: Path, change, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change(good)
    words = ["predict", str(samples / "real" / "astronaut.png"), "--model", str(good)]
    done = subprocess.run([*MAIN, *words], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("fakeface: model good: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_score_that_is_impossible_for_some_pictures_alone_ends_with_the_models_name(
    tmp_path: Path,
) -> None:
    def steep(graph) -> None:
        graph.graph.node[-1].op_type = "Abs"  # of logits, in place of probabilities

    model = make_classifier(tmp_path / "logits")
    rewrite(model, steep)
    detector = Detector(model, "cpu", whole=True)  # the probe is grey: its logit is near 0
    blue = np.zeros((64, 64, 3), np.uint8)
    blue[..., 2] = 255
    with pytest.raises(ModelError, match="logits: gives a p_fake that is not within 0 to 1"):
        detector.predict(blue)


def test_maps_are_checked_too(tmp_path: Path) -> None:
    for bias in ("1", True, None, float(10**9)):
        with pytest.raises(ModelError, match="cam"):
            Detector(make_cam_classifier(tmp_path / repr(bias), settings={"cam_bias": bias}), "cpu")


def test_a_word_is_no_reference() -> None:
    import onnx
    from onnx import helper

    graph = helper.make_graph([], "location", [], [])
    model = helper.make_model(graph, doc_string="the location of the weights")
    data = model.SerializeToString()
    assert b"location" in data
    assert reject_reason(data) is None
    assert onnx.load_from_string(data).graph.name == "location"


@pytest.mark.parametrize("key", [b"\x0a", b"\x8a\x00", b"\x8a\x80\x00"])
@pytest.mark.parametrize("length", [b"\x08", b"\x88\x00", b"\x88\x80\x80\x00"])
def test_a_reference_is_seen_however_its_numbers_are_written(key: bytes, length: bytes) -> None:
    import onnx

    entry = key + length + b"location" + b"\x12\x01w"
    data = b"\x6a" + bytes([len(entry)]) + entry
    assert onnx.TensorProto.FromString(data).external_data[0].key == "location"
    assert "external data" in (reject_reason(data) or "")


@pytest.mark.parametrize("file", sorted(MODELS.rglob("*.onnx")), ids=lambda file: file.parent.name)
def test_bundled_models_need_nothing_else(file: Path) -> None:
    assert reject_reason(file.read_bytes()) is None  # so it is not asked when they are loaded
