import numpy as np
import pytest
from PIL import Image

from fakeface import Detector, ModelError
from fakeface.explain._occlusion import WINDOWS, logit
from fakeface.inference import Classifier
from tests._models import SIZE, make_cam_classifier, make_classifier


@pytest.fixture(scope="module")
def with_cam(tmp_path_factory):
    return make_cam_classifier(tmp_path_factory.mktemp("models") / "cam", bias=-1.25)


@pytest.fixture(scope="module")
def without_cam(tmp_path_factory):
    return make_classifier(tmp_path_factory.mktemp("models") / "plain")


def red_in(rows, columns):
    """A grey crop with a red place."""
    crop = np.full((SIZE, SIZE, 3), 128, np.uint8)
    crop[rows, columns] = (255, 0, 0)
    return crop


def test_the_mean_of_a_cam_is_the_logit(with_cam):
    crops = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), np.uint8)
    p_fake, maps = Classifier(with_cam).explain(crops)
    assert maps.shape == (5, 4, 4)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logit(p_fake), atol=1e-4)


def test_a_cam_costs_no_second_pass_and_changes_no_score(with_cam, monkeypatch):
    classifier = Classifier(with_cam)
    crops = np.stack([red_in(slice(0, 8), slice(0, 8)), red_in(slice(0), slice(0))])
    plain = classifier.predict(crops)
    monkeypatch.setattr(Classifier, "predict", None)
    p_fake, maps = classifier.explain(crops)
    np.testing.assert_array_equal(p_fake, plain)
    assert maps[0].argmax() == 0
    np.testing.assert_allclose(maps[1], -1.25, atol=1e-5)


def test_occlusion_finds_what_the_answer_rests_on(without_cam):
    classifier = Classifier(without_cam)
    assert classifier.method == "occlusion"
    crops = np.stack([red_in(slice(24, 32), slice(0, 8)), red_in(slice(0), slice(0))])
    p_fake, maps = classifier.explain(crops)
    assert maps.shape == (2, WINDOWS + 1, WINDOWS + 1)
    assert set(zip(*np.nonzero(maps[0] > maps[0].max() / 2), strict=True)) >= {(7, 0), (7, 1)}
    assert maps[0].argmax() in (6 * 8, 6 * 8 + 1, 7 * 8, 7 * 8 + 1)
    assert maps[0][:4, 4:].max() < maps[0].max() / 4
    np.testing.assert_allclose(maps[1], 0, atol=1e-4)
    np.testing.assert_array_equal(p_fake, classifier.predict(crops))


def test_logits_are_finite_and_turn_back():
    p = np.array([0, 1e-5, 0.5, 0.9, 1], np.float32)
    assert np.isfinite(logit(p)).all()
    np.testing.assert_allclose(1 / (1 + np.exp(-logit(p))), p, atol=1e-6)


def test_a_cam_without_its_bias_is_refused(tmp_path):
    path = make_cam_classifier(tmp_path / "cam", settings={})
    with pytest.raises(ModelError, match="cam_bias"):
        Classifier(path)


def test_maps_come_where_they_cost_nothing(with_cam, without_cam, samples):
    picture = samples / "real" / "astronaut.png"
    assert Detector(with_cam).predict(picture).faces[0].heatmap is not None
    assert Detector(with_cam, explain=False).predict(picture).faces[0].heatmap is None
    assert Detector(without_cam).predict(picture).faces[0].heatmap is None
    assert Detector(without_cam, explain=True).predict(picture).faces[0].heatmap is not None


def test_a_map_lies_on_the_face_of_the_picture(with_cam, samples):
    picture = Image.open(samples / "real" / "obama.jpg")
    face = Detector(with_cam).predict(picture).faces[0]
    heatmap = face.heatmap
    assert heatmap.method == "cam"
    assert heatmap.size == picture.size
    assert heatmap.box.width == heatmap.box.height
    centre = face.box.x + face.box.width / 2, face.box.y + face.box.height / 2
    assert heatmap.box.x < centre[0] < heatmap.box.x + heatmap.box.width
    assert heatmap.box.y < centre[1] < heatmap.box.y + heatmap.box.height
    assert heatmap.values.mean() == pytest.approx(float(logit(face.p_fake)), abs=1e-4)


def test_one_by_one_and_in_batches_give_the_same_maps(with_cam, without_cam, samples):
    pictures = [*sorted((samples / "real").iterdir()), samples / "other" / "cat.png"]
    for model, explain in ((with_cam, None), (without_cam, True)):
        detector = Detector(model, explain=explain)
        for picture, batched in zip(pictures, detector.predict_batch(pictures), strict=True):
            alone = detector.predict(picture)
            assert alone == batched
            for one, other in zip(alone.faces, batched.faces, strict=True):
                np.testing.assert_allclose(one.heatmap.values, other.heatmap.values, atol=1e-4)


def test_maps_stay_out_of_the_json(with_cam, samples):
    picture = samples / "real" / "astronaut.png"
    on, off = Detector(with_cam), Detector(with_cam, explain=False)
    assert on.predict(picture).as_dict() == off.predict(picture).as_dict()
    assert on.predict(picture) == off.predict(picture)


def test_a_whole_picture_is_mapped_where_the_model_saw_it(with_cam):
    picture = Image.new("RGB", (300, 200), (255, 0, 0))
    heatmap = Detector(with_cam, whole=True).predict(picture).faces[0].heatmap
    assert (heatmap.box.x, heatmap.box.y, heatmap.box.width) == (50, 0, 200)
