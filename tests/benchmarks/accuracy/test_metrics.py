import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.accuracy._metrics import intervals, mean, resampled, resamples, verdicts
from fakeface import Thresholds


@pytest.fixture(scope="module")
def scores():
    """Scores with many ties, of 60 AI and 140 Real pictures."""
    random = np.random.default_rng(7)
    is_ai = np.arange(200) < 60
    return is_ai, np.clip(random.normal(0.35 + 0.3 * is_ai, 0.2), 0, 1).round(2)


def once(is_ai, p_fake):
    values = resampled(is_ai, p_fake, np.ones((1, len(is_ai)), np.float32))
    return {name: float(row[0]) for name, row in values.items()}


def test_the_auc_agrees_with_scikit_learn_weights_and_ties_included(scores):
    is_ai, p_fake = scores
    weights = np.random.default_rng(1).integers(0, 4, (5, len(is_ai))).astype(np.float32)
    ours = resampled(is_ai, p_fake, weights)["auc"]
    theirs = [roc_auc_score(is_ai, p_fake, sample_weight=w) for w in weights]
    assert ours == pytest.approx(theirs)


def test_tpr_at_fpr_by_hand():
    # 20 Real pictures: one false positive is 5 %, and 1 % allows none.
    is_ai = np.array([True] * 4 + [False] * 20)
    p_fake = np.array([0.9, 0.7, 0.5, 0.1, 0.8, 0.6, *[0.05] * 18])
    figures = once(is_ai, p_fake)
    assert figures["tpr1"] == 0.25  # .9 alone lies above the highest Real picture
    assert figures["tpr5"] == 0.5  # .9 and .7, with .8 as the one false positive


def test_a_tie_across_a_threshold_is_not_split_in_favour_of_the_model():
    is_ai = np.array([True] * 10 + [False] * 10)
    assert once(is_ai, np.full(20, 0.5))["tpr5"] == 0
    assert once(is_ai, np.full(20, 0.5))["auc"] == 0.5


def test_calibration_error_by_hand():
    is_ai = np.array([True, False, False, False])
    # Bin of .1: off by .1 on two pictures; bin of .9: off by .4 on two; the mean is .25.
    assert once(is_ai, np.array([0.9, 0.9, 0.1, 0.1]))["ece"] == pytest.approx(0.25)
    assert once(np.array([True, False]), np.array([1.0, 0.0]))["ece"] == 0


def test_shares_of_verdicts():
    is_ai = np.array([True, True, False, False])
    figures = verdicts(is_ai, np.array([0.8, 0.5, 0.3, 0.1]), Thresholds(fake=0.5, real=0.2))
    assert {name: figure[0] for name, figure in figures.items()} == {
        "flagged_ai": 1,
        "flagged_real": 0,
        "uncertain": 0.25,
        "uncertain_ai": 0,
        "uncertain_real": 0.5,
    }


def test_one_class_alone_has_no_ranking_but_has_shares():
    is_ai, p_fake = np.array([False, False]), np.array([0.9, 0.1])
    figures = once(is_ai, p_fake)
    assert np.isnan([figures[name] for name in ("auc", "tpr5", "tpr1")]).all()
    found = verdicts(is_ai, p_fake, Thresholds(fake=0.5, real=0.5))
    assert found["flagged_real"][0] == 0.5
    assert found["flagged_ai"] == [None, None, None]
    drawn = resampled(is_ai, p_fake, resamples(["a", "a"], 5, 0))
    assert intervals(drawn)["auc"] == [None, None, None]


def test_resamples_keep_the_size_of_each_source_and_follow_the_seed():
    sources = ["a"] * 5 + ["b"] * 50
    weights = resamples(sources, 20, seed=3)
    assert (weights[0] == 1).all()
    assert (weights[:, :5].sum(axis=1) == 5).all()
    assert (weights[:, 5:].sum(axis=1) == 50).all()
    assert (weights == resamples(sources, 20, seed=3)).all()
    assert (weights != resamples(sources, 20, seed=4)).any()


def test_intervals_hold_the_figure_and_narrow_with_more_pictures(scores):
    def auc(is_ai, p_fake):
        drawn = resampled(is_ai, p_fake, resamples(is_ai.astype(str), 400, 0))
        return intervals(drawn)["auc"]

    is_ai, p_fake = scores
    value, low, high = auc(is_ai, p_fake)
    assert low < value < high
    many, less, more = auc(np.tile(is_ai, 9), np.tile(p_fake, 9))
    assert many == pytest.approx(value)
    assert (more - less) == pytest.approx((high - low) / 3, rel=0.25)


def test_a_source_of_which_nothing_was_flagged_may_still_be_flagged():
    figures = verdicts(np.array([False] * 9), np.full(9, 0.1), Thresholds(fake=0.5, real=0.5))
    assert figures["flagged_real"] == [0, 0, pytest.approx(0.299, abs=0.001)]  # Wilson, 0 of 9


def test_every_part_of_a_mean_counts_the_same():
    is_ai = np.array([True, True, False, False])
    weights = resamples(["a"] * 4, 3, 0)
    parts = [resampled(is_ai, np.array(p), weights) for p in ([0.9, 0.8, 0.1, 0.2], [0.5] * 4)]
    assert intervals(mean(parts))["auc"][0] == pytest.approx(0.75)
