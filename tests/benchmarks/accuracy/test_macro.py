from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.accuracy._macro import FEW, macro, ranking
from benchmarks.accuracy._metrics import resamples


def test_every_family_counts_the_same_and_a_tiny_one_not_at_all() -> None:
    rng = np.random.default_rng(0)
    names = np.array(["photo"] * 50 + ["large"] * 100 + ["small"] * FEW + ["tiny"] * (FEW - 1))
    is_ai = names != "photo"
    shift = {"photo": 0.3, "large": 0.5, "small": 0.4, "tiny": 0.0}
    p_fake = np.array([rng.uniform(0, 0.5) + shift[name] for name in names])
    members = {name: ~is_ai | (names == name) for name in ("large", "small", "tiny")}
    weights = resamples(names.tolist(), 200, 0)
    result = macro(list(members.values()), is_ai, p_fake, weights)
    assert result is not None
    assert result["families"] == 2
    single = [roc_auc_score(is_ai[m], p_fake[m]) for m in (members["large"], members["small"])]
    value, low, high = result["auc"]  # type: ignore[misc]
    assert value == pytest.approx(np.mean(single), abs=1e-5)
    assert low < value < high
    assert macro([members["tiny"]], is_ai, p_fake, weights) is None


def test_what_comes_first_is_of_the_pictures_as_they_are() -> None:
    is_ai = np.array([True, True, False, False])
    p_fake = np.array([0.9, 0.4, 0.5, 0.1])
    values = ranking(is_ai, p_fake, np.full((3, 4), 2, np.float32))
    np.testing.assert_allclose(values, [[0.75] * 4, [0.5] * 4])
