import numpy as np
import pytest

from train.evaluate._report import chance_warning
from train.evaluate._statistics import auc_interval, mcnemar, wilson


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (635, 641, 0.980, 0.996),
        (609, 641, 0.930, 0.964),
        (0, 10, 0.0, 0.278),
        # Newcombe 1998, table I
        (0, 20, 0.0, 0.161),
        (1, 29, 0.006, 0.172),
        (81, 263, 0.255, 0.366),
    ],
)
def test_wilson(right, n, low, high):
    assert wilson(right, n) == pytest.approx((low, high), abs=6e-4)


def test_mcnemar_counts_what_the_detectors_disagree_on():
    first = np.array([True] * 9 + [False] * 1 + [True] * 50)
    second = np.array([False] * 9 + [True] * 1 + [True] * 50)
    only_first, only_second, p = mcnemar(first, second)
    assert (only_first, only_second) == (9, 1)
    assert p == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(first, first) == (0, 0, 1.0)


def test_the_interval_of_an_auc_is_newcombes():
    for auc, n, m in ((0.9, 50, 50), (0.6, 200, 30), (0.5, 9, 9)):
        low, high = auc_interval(auc, n, m)
        assert 0 < low < auc < high < 1
        for bound in (low, high):  # the variance of Hanley and McNeil, at the bound
            q1, q2 = bound / (2 - bound), 2 * bound**2 / (1 + bound)
            others = (n + m) / 2 - 1
            variance = bound * (1 - bound) + others * (q1 + q2 - 2 * bound**2)
            assert (auc - bound) ** 2 == pytest.approx(1.96**2 * variance / (n * m), rel=1e-6)
    assert auc_interval(0.9, 4000, 4000) == pytest.approx((0.893, 0.907), abs=1e-3)


def test_a_perfect_ranking_of_a_few_pictures_is_no_certainty():
    low, high = auc_interval(1.0, 2, 2)
    assert (low < 0.5, high) == (True, 1.0)
    assert auc_interval(1.0, 5, 5)[0] > 0.5
    assert auc_interval(0.0, 5, 5)[0] == 0.0
    assert chance_warning({"auc": 1.0, "AI": 2, "Real": 2})


def test_a_detector_of_chance_is_named():
    assert chance_warning({"auc": 0.97, "AI": 40, "Real": 60}) == ""
    for auc in (0.55, 0.4, 0.0):
        line = chance_warning({"auc": auc, "AI": 20, "Real": 30})
        assert line.startswith("WARNING: no better than chance: on val the AUC is")
    assert chance_warning({}) == ""
