import numpy as np
import pytest

from train.data._sample import Sample
from train.errors import RecipeError
from train.fitting._weighting import sample_weights
from train.recipes import FitSpec

SAMPLES = [
    Sample(f"{number}", None, label, source, "train", f"{number}")
    for number, (label, source) in enumerate([(0, "gan")] * 6 + [(1, "ffhq")] + [(1, "web")] * 3)
]


def total(weights, source):
    return sum(w for w, s in zip(weights, SAMPLES, strict=True) if s.origin == source)


@pytest.mark.parametrize(
    ("spec", "gan", "ffhq", "web"),
    [
        (FitSpec(), 6, 1, 3),
        (FitSpec(balance="class"), 5, 1.25, 3.75),
        (FitSpec(balance="source"), 5, 2.5, 2.5),
        (FitSpec(source_weights={"ffhq": 6}), 4, 4, 2),
    ],
)
def test_what_sources_weigh_in_total(spec, gan, ffhq, web):
    weights = sample_weights(SAMPLES, spec)
    assert weights.dtype == np.float32
    assert weights.mean() == pytest.approx(1)
    assert [total(weights, s) for s in ("gan", "ffhq", "web")] == pytest.approx([gan, ffhq, web])


def test_weights_that_leave_nothing_are_refused():
    with pytest.raises(RecipeError, match="leaves no picture"):
        sample_weights(SAMPLES[:6], FitSpec(source_weights={"gan": 0}))
