import json

import pytest
from onnx import helper

from export._golden import precision_of, write_golden
from fakeface import Detector
from fakeface.diagnostics import GOLDEN, PICTURES, Golden, compare, predict_pictures
from tests._models import make_classifier


def test_golden_scores_are_those_of_the_model(tmp_path):
    model = make_classifier(tmp_path / "red")
    file = write_golden(model)
    assert file == model / GOLDEN
    golden = Golden.read(file, "red")
    assert golden.precision == "fp32"
    assert {p.source for p in golden.predictions} == {p.name for p in PICTURES.glob("*.jpg")}
    detector = Detector(model)
    assert {p.settings for p in golden.predictions} == {detector.settings}
    predictions = predict_pictures(detector, PICTURES, [p.source for p in golden.predictions])
    assert compare(golden, predictions, "cpu", detector.settings).wrong == ()
    assert json.loads(file.read_text())["made_with"]["versions"]["onnxruntime"]


def test_folders_are_scored_with_their_sub_folders(tmp_path, samples):
    model = make_classifier(tmp_path / "red")
    golden = Golden.read(write_golden(model, samples, tmp_path / "samples.json"), "red")
    assert "real/astronaut.png" in {p.source for p in golden.predictions}
    assert not (model / GOLDEN).exists()


@pytest.mark.parametrize(
    ("kind", "precision"), [("Conv", "fp32"), ("QuantizeLinear", "int8"), ("ConvInteger", "int8")]
)
def test_precision_follows_from_the_operators(kind, precision):
    node = helper.make_node(kind, ["x"], ["y"])
    assert precision_of(helper.make_model(helper.make_graph([node], "g", [], []))) == precision
