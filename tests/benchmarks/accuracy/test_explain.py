import numpy as np
import pytest

from benchmarks.accuracy._explain import STEPS, area, changed, choose, curves, ranking
from fakeface.inference import Classifier
from tests._models import SIZE, make_cam_classifier, make_classifier
from train.data import Data, Sample


def sample(label, source, number):
    return Sample(f"{label}{source}{number}", None, label, source, "test", "")


def test_pictures_are_balanced_over_classes_and_sources(tmp_path):
    samples = [sample(0, "few", n) for n in range(3)] + [sample(0, "many", n) for n in range(90)]
    samples += [sample(1, "photos", n) for n in range(50)]
    data = Data(tmp_path, tuple(samples))
    chosen = choose(data, "test", 20, seed=1)
    assert [s.label for s in chosen].count(0) == 10
    assert [s.origin for s in chosen].count("few") == 3
    assert chosen == choose(data, "test", 20, seed=1) != choose(data, "test", 20, seed=2)
    with pytest.raises(ValueError, match="50 pictures of Real, not 51"):
        choose(data, "test", 102, seed=1)


def test_a_crop_changes_from_the_strongest_place_on(tmp_path):
    classifier = Classifier(make_cam_classifier(tmp_path / "cam"))
    values = np.zeros((4, 4), np.float32)
    values[0, 3] = 1
    ranks = ranking(values, classifier)
    assert ranks[0, SIZE - 1] < SIZE
    before, after = np.zeros((SIZE, SIZE, 3), np.uint8), np.full((SIZE, SIZE, 3), 9, np.uint8)
    steps = changed(before, after, ranks)
    assert (steps[0] == 0).all()
    assert (steps[-1] == 9).all()
    assert (steps[1][: SIZE // 4, -SIZE // 4 :] == 9).mean() > 0.5
    shares = (steps == 9).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shares, np.linspace(0, 1, STEPS + 1), atol=1e-3)


@pytest.mark.parametrize("make", [make_cam_classifier, make_classifier])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 0, 255)])
def test_true_maps_beat_random_ones(tmp_path, make, colour):
    classifier = Classifier(make(tmp_path / "model"))
    crop = np.random.default_rng(0).integers(120, 136, (SIZE, SIZE, 3), np.uint8)
    crop[20:30, 2:14] = colour
    both = curves(classifier, crop, np.random.default_rng(0))
    areas = area(both)
    assert areas[0, 0] < areas[1, 0] - 0.02  # deletion
    assert areas[0, 1] > areas[1, 1] - 0.005  # insertion: a blur leaves colours as they are
