import numpy as np
import pytest
from PIL import Image

from fakeface import Box, Heatmap
from fakeface.types._heatmap import FAKE_COLOUR, OPACITY, REAL_COLOUR, SPANS

SPAN = SPANS["cam"]
BOX = Box(20, 10, 40, 40)


def heatmap(values, box=BOX, size=(100, 60)):
    return Heatmap(np.asarray(values, np.float32), box, size, "cam")


def test_a_map_covers_its_square_and_nothing_else():
    up = heatmap([[1, 2], [3, 4]]).upsampled(100, 60)
    assert up.shape == (60, 100)
    looked = ~np.isnan(up)
    assert looked[10:50, 20:60].all()
    assert looked.sum() == 40 * 40
    assert up[10, 20] == 1
    assert up[49, 59] == 4
    assert np.nanmean(up) == pytest.approx(2.5)


def test_a_hot_place_stays_in_its_place_at_every_scale():
    values = np.zeros((4, 4))
    values[1, 3] = 5
    for scale in (0.5, 1, 2.5):
        up = heatmap(values).upsampled(round(100 * scale), round(60 * scale))
        row, column = np.unravel_index(np.nanargmax(up), up.shape)
        assert abs(row - (10 + 40 * 1.5 / 4) * scale) <= 1
        assert column >= (20 + 40 * 3.5 / 4) * scale - 1


@pytest.mark.parametrize("box", [Box(-10, -5, 30, 30), Box(90, 50, 30, 30), Box(40, 20, 0.2, 0.2)])
def test_a_square_that_sticks_out_or_is_tiny_is_no_trouble(box):
    up = heatmap([[2.0]], box).upsampled(100, 60)
    assert 1 <= (~np.isnan(up)).sum() <= 900


def test_no_evidence_leaves_a_clean_picture():
    image = Image.new("RGB", (100, 60), (200, 150, 100))
    over = np.asarray(heatmap(np.zeros((3, 3))).overlay(image))
    inside = over[10:50, 20:60]
    assert (inside == inside[0, 0, 0]).all()  # grey
    assert (over[:10] == (200, 150, 100)).all()


def test_colours_are_absolute():
    image = Image.new("L", (100, 60), 128)
    full = np.asarray(heatmap([[SPAN]]).overlay(image))[30, 40]
    beyond = np.asarray(heatmap([[9 * SPAN]]).overlay(image))[30, 40]
    against = np.asarray(heatmap([[-SPAN]]).overlay(image))[30, 40]
    faint = np.asarray(heatmap([[SPAN / 20]]).overlay(image))[30, 40]
    mixed = 128 * (1 - OPACITY)
    np.testing.assert_allclose(full, mixed + OPACITY * np.array(FAKE_COLOUR), atol=1)
    np.testing.assert_array_equal(full, beyond)
    np.testing.assert_allclose(against, mixed + OPACITY * np.array(REAL_COLOUR), atol=1)
    assert np.abs(faint.astype(int) - 128).max() < 6


def test_an_overlay_has_the_size_of_the_picture_it_is_laid_on():
    image = Image.new("RGB", (50, 30))
    over = heatmap([[4.0]]).overlay(image)
    assert over.size == (50, 30)
    assert over.getpixel((20, 15)) != (0, 0, 0)
    assert image.getpixel((20, 15)) == (0, 0, 0)


def test_values_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        heatmap([[1.0]]).values[0, 0] = 2


@pytest.mark.parametrize("values", [[], [1, 2], [[[1]]]])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(ValueError, match="two dimensions"):
        heatmap(values)
    with pytest.raises(ValueError, match="needs pixels"):
        heatmap([[1.0]]).upsampled(0, 5)
