import io

import numpy as np
import pytest
from PIL import Image

from fakeface import Box, CropSpec, FaceFinder, ImageError
from fakeface._model import FACE_FINDER, MODELS
from fakeface.images._decode import Picture
from fakeface.preprocessing import crop_picture, preprocess, preprocess_frames

SPEC = CropSpec(size=128, margin=1.5)


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(MODELS / FACE_FINDER)


def jpeg(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92, **options)
    return file.getvalue()


def test_the_face_of_a_portrait_is_found_and_cut_out(samples, finder):
    path = samples / "real" / "astronaut.png"
    preprocessed = preprocess(path, finder, SPEC, 48)
    assert preprocessed.name == str(path)
    assert preprocessed.size == (512, 512)
    assert preprocessed.digest is not None
    assert preprocessed.crops.shape == (1, 128, 128, 3)
    box = preprocessed.faces[0].box
    assert box.iou(Box(177, 70, 95, 110)) > 0.6


def test_no_face_in_a_cat(samples, finder):
    preprocessed = preprocess(samples / "other" / "cat.png", finder, SPEC, 48)
    assert preprocessed.faces == ()
    assert preprocessed.crops.shape == (0, 128, 128, 3)


def test_a_small_face_is_found_but_not_judged(samples, finder):
    preprocessed = preprocess(samples / "real" / "astronaut.png", finder, SPEC, 200)
    assert preprocessed.scored == (False,)
    assert len(preprocessed.crops) == 0


def test_the_whole_picture_as_one_face(samples):
    preprocessed = preprocess(samples / "real" / "obama.jpg", None, SPEC, 48)
    assert preprocessed.faces[0].box == Box(0, 0, 910, 1137)
    assert preprocessed.crops.shape == (1, 128, 128, 3)


def test_every_way_to_give_a_picture_gives_the_same_crop(samples, finder):
    path = samples / "real" / "obama.jpg"
    data = path.read_bytes()
    image = Image.open(path)
    ways = [str(path), path, data, bytearray(data), memoryview(data), io.BytesIO(data)]
    crops = [preprocess(way, finder, SPEC, 48).crops for way in ways]
    for crop in crops[1:]:
        np.testing.assert_array_equal(crop, crops[0])
    from_image = preprocess(image, finder, SPEC, 48).crops
    from_array = preprocess(np.asarray(image), finder, SPEC, 48).crops
    np.testing.assert_array_equal(from_image, from_array)
    assert np.abs(from_array.astype(int) - crops[0]).mean() < 1  # at most reduced while decoding


def test_a_large_jpeg_is_decoded_small_and_looks_the_same(samples, finder, monkeypatch):
    portrait = Image.open(samples / "ai" / "p001-studio.jpg").resize((4096, 4096))
    data = jpeg(portrait)
    fast = preprocess(data, finder, SPEC, 48)
    assert Picture(data).load(8)[1] == pytest.approx(1 / 8)
    for module in ("preprocessing", "faces._find"):
        monkeypatch.setattr(f"fakeface.{module}.reduction_factor", lambda limit: 1)
    exact = preprocess(data, finder, SPEC, 48)
    assert fast.faces[0].box.iou(exact.faces[0].box) > 0.97
    same_box = exact.faces[0].box
    monkeypatch.undo()
    reduced = crop_picture(Picture(data), same_box, SPEC).astype(int)
    assert np.abs(reduced - exact.crops[0]).mean() < 1


def test_with_exact_a_file_and_an_array_give_the_same_crop(samples, finder):
    data = jpeg(Image.open(samples / "ai" / "p001-studio.jpg").resize((4096, 4096)))
    array = np.asarray(Image.open(io.BytesIO(data)))
    (file,) = preprocess_frames(data, finder, SPEC, 48, exact=True)
    pixels = preprocess(array, finder, SPEC, 48)
    assert file.faces == pixels.faces
    np.testing.assert_array_equal(file.crops, pixels.crops)
    assert not np.array_equal(preprocess(data, finder, SPEC, 48).crops, pixels.crops)


def test_a_small_face_in_a_large_jpeg_is_cut_from_all_its_pixels(samples):
    scene = Image.new("RGB", (4000, 3000), (90, 120, 80))
    scene.paste(Image.open(samples / "real" / "astronaut.png").convert("RGB"), (1000, 1200))
    data = jpeg(scene)
    box = Box(1177, 1281, 95, 95)
    cut = crop_picture(Picture(data), box, SPEC).astype(int)
    full = crop_picture(Picture(np.asarray(Image.open(io.BytesIO(data)))), box, SPEC).astype(int)
    np.testing.assert_array_equal(cut, full)


def test_a_face_of_any_size_is_cut_from_a_jpeg_that_is_too_large_to_decode_whole(monkeypatch):
    data = jpeg(Image.effect_noise((1300, 1000), 60).convert("RGB"))
    half = Picture(data).load(2)[0]
    for module in ("images._open", "preprocessing"):
        monkeypatch.setattr(f"fakeface.{module}.MAX_PIXELS", 1_000_000)
    with pytest.raises(ImageError, match="claims more than"):
        Picture(data).load()
    for side in (100, 900):
        cut = crop_picture(Picture(data), Box(40, 60, side, side), SPEC)
        box = Box(20, 30, side / 2, side / 2)
        np.testing.assert_array_equal(cut, crop_picture(Picture(np.asarray(half)), box, SPEC))
