import shutil
from dataclasses import replace

import pytest
from PIL import Image

import train.data._locate
from fakeface.types import Box
from train.data._dataset import load_data
from train.data._locate import locate


@pytest.fixture
def portrait(samples, faces):
    """A data folder with one real face in it; the rest are gradients."""
    path = faces / "Real" / "phones" / "portrait.png"
    shutil.copy(samples / "real" / "astronaut.png", path)
    return path


def box_of(data, name):
    return next(s.box for s in data.samples if s.name.endswith(name))


def test_faces_are_found_as_inference_finds_them(faces, portrait, cache):
    from fakeface import FaceFinder
    from fakeface.model_directory import FACE_FINDER, MODELS

    data = locate(load_data(faces, cache), "find", cache)
    found = FaceFinder(MODELS / FACE_FINDER).find(Image.open(portrait).convert("RGB"))[0].box
    assert box_of(data, "portrait.png").iou(found) > 0.99
    assert box_of(data, "gan/1.png") is None
    assert data.notes[-1] == "face boxes: 1 found, 40 without a face, taken whole"


def test_a_box_of_the_manifest_decides_between_faces_and_stands_in_for_none(faces, portrait, cache):
    data = load_data(faces, cache)
    told, elsewhere = Box(0, 0, 30, 30), Box(400, 400, 50, 50)
    data = replace(data, samples=tuple(replace(s, box=told) for s in data.samples))
    located = locate(data, "find", cache)
    assert box_of(located, "gan/1.png") == told
    data = replace(data, samples=tuple(replace(s, box=elsewhere) for s in data.samples))
    located = locate(data, "find", cache)
    assert box_of(located, "portrait.png") == elsewhere  # the face found is somebody else
    assert locate(data, "whole", cache).notes[-1].startswith("face boxes: not looked for")


def test_pictures_that_do_not_decode_are_named_and_left_out(faces, cache):
    path = faces / "AI" / "gan" / "torn.jpg"
    Image.open(faces / "AI" / "gan" / "1.png").resize((300, 300)).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    for how in ("find", "whole"):
        data = load_data(faces, cache)
        assert len(data.samples) == 41
        located = locate(data, how, cache)
        assert len(located.samples) == 40
        assert "1 files cannot be decoded and left out: AI/gan/torn.jpg" in located.notes[-2]


def test_every_picture_is_looked_at_once(faces, cache, monkeypatch):
    data = load_data(faces, cache)
    first = locate(data, "find", cache)
    monkeypatch.setattr(train.data._locate, "preprocess", None)
    assert locate(data, "find", cache) == first
