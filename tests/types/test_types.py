import json

import pytest

from fakeface import Box, Face, Prediction, Verdict


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5), (float("nan"), 1)])
def test_a_box_needs_an_area(size):
    with pytest.raises(ValueError, match="above 0"):
        Box(0, 0, *size)


def test_intersection_over_union():
    box = Box(0, 0, 10, 10)
    assert box.iou(box) == 1
    assert box.iou(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert box.iou(Box(10, 0, 10, 10)) == 0


def test_a_prediction_is_json_with_the_same_keys_for_good_and_bad():
    face = Face(Box(1.23456, 2, 30, 40), 0.98765, 0.25, Verdict.REAL)
    good = Prediction("a.jpg", "edge", Verdict.REAL, 0.25, (face,), (100, 80))
    bad = Prediction("b.jpg", "edge", error="is truncated")
    assert good.ok
    assert not bad.ok
    assert good.as_dict().keys() == bad.as_dict().keys()
    assert Prediction.from_dict(good.as_dict()).as_dict() == good.as_dict()
    assert Prediction.from_dict(bad.as_dict()) == bad
    assert json.loads(json.dumps(good.as_dict()))["faces"] == [
        {"box": [1.23, 2, 30, 40], "detection_score": 0.9877, "p_fake": 0.25, "verdict": "real"}
    ]


def test_a_box_unpacks_and_has_corners() -> None:
    x, y, width, height = Box(1, 2, 3, 4)
    assert (x, y, width, height) == (1, 2, 3, 4)
    assert Box(*Box(1, 2, 3, 4)) == Box(1, 2, 3, 4)
    assert Box(1, 2, 3, 4).xyxy == (1, 2, 4, 6)
