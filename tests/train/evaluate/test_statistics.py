import numpy as np
import pytest

from train.evaluate._report import chance_warning
from train.evaluate._statistics import auc_interval, mcnemar, unpaired, wilson


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


def test_the_reports_99_and_98_cannot_be_told_apart():
    assert unpaired(635, 628, 641) > 0.05
    assert unpaired(635, 609, 641) < 0.001


def test_the_interval_of_an_auc_is_hanley_and_mcneils():
    low, high = auc_interval(
        0.9, 50, 50
    )  # (.09 + 49 * .00818 + 49 * .04263) / 2500 is .0321 squared
    assert (low, high) == pytest.approx((0.9 - 1.96 * 0.0321, 0.9 + 1.96 * 0.0321), abs=2e-4)
    assert auc_interval(1.0, 3, 3) == (1.0, 1.0)


def test_a_detector_of_chance_is_named():
    assert chance_warning({"auc": 0.97, "AI": 40, "Real": 60}) == ""
    for auc in (0.55, 0.4, 0.0):
        line = chance_warning({"auc": auc, "AI": 20, "Real": 30})
        assert line.startswith("WARNING: no better than chance: on val the AUC is")
    assert chance_warning({}) == ""
