import numpy as np
import pytest

from train.evaluate._calibration import (
    LARGE,
    TARGETS,
    WORST,
    fit_calibration,
    fit_operating_points,
    fit_thresholds,
)
from train.evaluate._scores import Scores, read_scores


def scores(logits, labels, sources=None):
    labels = np.asarray(labels)
    if sources is None:
        sources = np.where(labels == 0, "AI/x", "Real/x")
    names = [f"{n}.jpg" for n in range(len(labels))]
    return Scores(names, labels, np.asarray(sources), np.asarray(logits, float))


def test_temperature_and_bias_are_recovered():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 40_000)  # the true logit of AI
    labels = (rng.random(40_000) >= 1 / (1 + np.exp(-truth))).astype(int)
    calibration = fit_calibration(scores(-(truth - 0.5) * 3, labels))
    assert calibration.temperature == pytest.approx(3, rel=0.05)
    assert calibration.bias == pytest.approx(0.5, abs=0.05)
    p_fake = calibration.p_fake(-(truth - 0.5) * 3)
    assert np.abs(p_fake - 1 / (1 + np.exp(-truth))).max() < 0.02


def test_classes_that_val_separates_keep_a_finite_slope():
    calibration = fit_calibration(scores([-2] * 10 + [2] * 10, [0] * 10 + [1] * 10))
    assert 0.1 < calibration.temperature < 10
    assert calibration.p_fake(np.array([-2.0]))[0] == pytest.approx(11 / 12, abs=0.01)


@pytest.mark.parametrize("logits", [[2, 2, -2, -2], [1, 1, 1, 1]])
def test_logits_that_do_not_rank_are_left_as_they_are(logits):
    calibration = fit_calibration(scores(logits, [0, 0, 1, 1]))
    assert (calibration.temperature, calibration.bias) == (1.0, 0.0)
    assert "do not rank" in calibration.fitted_on


def test_operating_points_keep_their_promise_over_all_and_for_the_worst_large_source():
    rng = np.random.default_rng(1)
    easy, hard, few = rng.normal(3, 1, 2000), rng.normal(0, 1, LARGE), rng.normal(2, 1, LARGE - 1)
    real = np.concatenate([easy, hard, few])
    names = ["Real/easy"] * 2000 + ["Real/hard"] * LARGE + ["Real/few"] * (LARGE - 1)
    ai = rng.normal(-3, 1, 1000)
    val = scores(np.concatenate([ai, real]), [0] * 1000 + [1] * len(real), ["AI/x"] * 1000 + names)
    calibration = fit_calibration(val)
    points = fit_operating_points(val, calibration)
    assert [p.fpr for p in points] == list(TARGETS)
    for point in points:
        flagged = calibration.p_fake(real) >= point.threshold
        assert flagged.mean() <= point.fpr
        assert flagged[2000 : 2000 + LARGE].mean() <= WORST * point.fpr
    assert "decided by Real/hard" in points[0].fitted_on
    kinds = np.array([""] * 3000 + ["studio"] * (len(real) - 2000))
    with_kinds = Scores(val.names, val.labels, val.origins, val.logits, val.groups, kinds)
    for point in fit_operating_points(with_kinds, calibration):
        flagged = calibration.p_fake(val.logits) >= point.threshold
        assert flagged[(val.labels == 1) & (kinds == "studio")].mean() <= point.fpr
    thresholds = fit_thresholds(val, calibration, points)
    assert thresholds.fake == points[0].threshold
    assert (calibration.p_fake(ai) < thresholds.real).mean() <= 0.05


def test_room_is_left_for_origins_that_were_not_trained_on():
    rng = np.random.default_rng(3)
    real, ai = rng.normal(2, 1, 1000), rng.normal(-2, 1, 1000)
    val = scores(np.concatenate([ai, real]), [0] * 1000 + [1] * 1000)
    calibration = fit_calibration(val)
    for rate in (1.0, 0.4):
        point = fit_operating_points(val, calibration, val_rate=rate)[0]
        flagged = (calibration.p_fake(real) >= point.threshold).sum()
        assert flagged == round(min(rate, WORST) * point.fpr * 1000)  # one large origin
        assert (f"all at most {rate:g} times" in point.fitted_on) == (rate < 1)


def test_a_small_origin_counts_more_than_its_share_of_the_pictures():
    """A hundred photographs of one origin, nine of nine others that are flagged much sooner."""
    logits = [-4] * 40 + [4] * 100 + [-1] * 9
    labels, sources = [0] * 40 + [1] * 109, ["AI/x"] * 40 + ["Real/one"] * 100
    val = scores(logits, labels, sources + [f"Real/{n}" for n in range(9)])
    calibration = fit_calibration(val)
    assert calibration.bias < fit_calibration(scores(logits, labels)).bias
    point, *_ = fit_operating_points(val, calibration)
    assert point.threshold > calibration.p_fake(np.array([-1.0]))[0]
    assert point.photographs == 109


@pytest.mark.parametrize(
    ("photographs", "levels"), [(300, [0.05, 0.01]), (299, [0.05]), (60, [0.05]), (30, [0.1])]
)
def test_no_level_is_finer_than_the_photographs_carry(photographs, levels):
    val = scores(np.linspace(-1, 3, 40 + photographs), [0] * 40 + [1] * photographs)
    points = fit_operating_points(val, fit_calibration(val))
    assert [point.fpr for point in points] == pytest.approx(levels)
    assert all(point.interval[0] <= point.fpr for point in points)


@pytest.mark.parametrize("photographs", [1, 2, 5, 30, 59])
def test_a_few_photographs_carry_what_none_of_them_flagged_can_show(photographs):
    """The rule of three: none of n flagged shows a rate of at most 3 / n."""
    rng = np.random.default_rng(2)
    real = rng.normal(0, 2, photographs)
    val = scores(np.r_[rng.normal(-2, 1, 40), real], [0] * 40 + [1] * photographs)
    calibration = fit_calibration(val)
    (point,) = fit_operating_points(val, calibration)
    assert point.fpr >= min(3 / photographs, 1)
    assert point.fpr - 3 / photographs < 0.01
    assert not (calibration.p_fake(real) >= point.threshold).any()
    assert point.interval[0] == 0
    assert "none of them flagged" in point.fitted_on
    assert "rests on" in point.warning


def test_thresholds_stay_in_order_where_nothing_is_uncertain():
    val = scores([-9] * 30 + [9] * 30, [0] * 30 + [1] * 30)
    calibration = fit_calibration(val)
    points = fit_operating_points(val, calibration)
    thresholds = fit_thresholds(val, calibration, points)
    assert 0 < thresholds.real <= thresholds.fake < 1
    assert (calibration.p_fake(val.logits[30:]) < thresholds.real).all()


def test_scores_survive_their_file(tmp_path):
    before = scores([1.25, -3.5], [0, 1])
    before.names[0] = 'odd, "name" \udcff\n.jpg'
    before.write(tmp_path / "scores.csv", np.array([0.1, 0.9]))
    after = read_scores(tmp_path / "scores.csv")
    assert after.names == before.names
    assert after.origins.tolist() == ["AI/x", "Real/x"]
    np.testing.assert_array_equal(after.logits, before.logits)
    np.testing.assert_array_equal(after.correct, [False, False])
