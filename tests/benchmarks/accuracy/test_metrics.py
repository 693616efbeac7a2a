import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from benchmarks.accuracy._metrics import measure, reliability, resamples, weighted
from fakeface import Thresholds

HALF = Thresholds(fake=0.5, real=0.5)


@pytest.fixture(scope="module")
def scores():
    """Scores with many ties, of 60 AI and 140 Real pictures."""
    random = np.random.default_rng(7)
    is_ai = np.arange(200) < 60
    return is_ai, np.clip(random.normal(0.35 + 0.3 * is_ai, 0.2), 0, 1).round(2)


def weigh_one(is_ai, p_fake, thresholds=HALF):
    ones = np.ones((1, len(is_ai)), np.float32)
    return {
        name: float(values[0]) for name, values in weighted(is_ai, p_fake, thresholds, ones).items()
    }


def test_the_counts_agree_with_scikit_learn_weights_and_ties_included(scores):
    is_ai, p_fake = scores
    weights = np.random.default_rng(1).integers(0, 4, (5, len(is_ai))).astype(np.float32)
    ours = weighted(is_ai, p_fake, HALF, weights)
    for row, w in enumerate(weights):
        assert ours["auc"][row] == pytest.approx(roc_auc_score(is_ai, p_fake, sample_weight=w))
        assert ours["ap"][row] == pytest.approx(
            average_precision_score(is_ai, p_fake, sample_weight=w)
        )
        assert ours["balanced_accuracy"][row] == pytest.approx(
            balanced_accuracy_score(is_ai, p_fake >= 0.5, sample_weight=w)
        )


def test_tpr_at_fpr_by_hand():
    # 20 Real pictures: one false positive is 5 %, and 1 % allows none.
    is_ai = np.array([True] * 4 + [False] * 20)
    p_fake = np.array([0.9, 0.7, 0.5, 0.1, 0.8, 0.6, *[0.05] * 18])
    figures = weigh_one(is_ai, p_fake)
    assert figures["tpr1"] == 0.25  # .9 alone lies above the highest Real picture
    assert figures["tpr5"] == 0.5  # .9 and .7, with .8 as the one false positive


def test_a_tie_across_a_threshold_is_not_split_in_favour_of_the_model():
    is_ai = np.array([True] * 10 + [False] * 10)
    assert weigh_one(is_ai, np.full(20, 0.5))["tpr5"] == 0
    assert weigh_one(is_ai, np.full(20, 0.5))["auc"] == 0.5


def test_calibration_error_by_hand():
    is_ai = np.array([True, False, False, False])
    # Bin of .1: off by .1 on two pictures; bin of .9: off by .4 on two; the mean is .25.
    assert weigh_one(is_ai, np.array([0.9, 0.9, 0.1, 0.1]))["ece"] == pytest.approx(0.25)
    assert weigh_one(np.array([True, False]), np.array([1.0, 0.0]))["ece"] == 0
    assert reliability(is_ai, np.array([0.9, 0.9, 0.1, 0.1])) == [
        (pytest.approx(0.1), 0.0, 2),
        (pytest.approx(0.9), 0.5, 2),
    ]


def test_shares_of_verdicts():
    is_ai = np.array([True, True, False, False])
    figures = weigh_one(is_ai, np.array([0.8, 0.5, 0.3, 0.1]), Thresholds(fake=0.5, real=0.2))
    assert figures["flagged_ai"] == 1
    assert figures["flagged_real"] == 0
    assert figures["uncertain"] == 0.25
    assert figures["uncertain_real"] == 0.5
    assert figures["balanced_accuracy"] == 1


def test_one_class_alone_has_no_ranking_but_has_shares():
    figures = weigh_one(np.array([False, False]), np.array([0.9, 0.1]))
    assert np.isnan([figures[name] for name in ("auc", "ap", "tpr5", "tpr1")]).all()
    assert figures["flagged_real"] == 0.5


def test_resamples_keep_the_size_of_each_source_and_follow_the_seed():
    sources = ["a"] * 5 + ["b"] * 50
    weights = resamples(sources, 20, seed=3)
    assert (weights[:, :5].sum(axis=1) == 5).all()
    assert (weights[:, 5:].sum(axis=1) == 50).all()
    assert (weights == resamples(sources, 20, seed=3)).all()
    assert (weights != resamples(sources, 20, seed=4)).any()


def test_intervals_hold_the_figure_and_narrow_with_more_pictures(scores):
    is_ai, p_fake = scores
    auc = measure(is_ai, p_fake, HALF, resamples(is_ai.astype(str), 400, 0))["auc"]
    assert auc.low < auc.value < auc.high
    many, more = np.tile(is_ai, 9), np.tile(p_fake, 9)
    wide = measure(many, more, HALF, resamples(many.astype(str), 400, 0))["auc"]
    assert wide.value == pytest.approx(auc.value)
    assert (wide.high - wide.low) == pytest.approx((auc.high - auc.low) / 3, rel=0.25)


def test_a_source_of_which_nothing_was_flagged_may_still_be_flagged():
    is_ai = np.array([True, *[False] * 9])
    p_fake = np.array([0.9, *[0.1] * 9])
    flagged = measure(is_ai, p_fake, HALF, resamples(is_ai.astype(str), 50, 0))["flagged_real"]
    assert (flagged.value, flagged.low) == (0, 0)
    assert flagged.high == pytest.approx(0.299, abs=0.001)  # Wilson, 0 of 9
