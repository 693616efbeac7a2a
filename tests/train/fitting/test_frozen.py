import numpy as np
import pytest

from train.data._sample import Sample
from train.fitting._frozen import sample_weights

SAMPLES = [
    Sample(f"{number}", None, label, source, "train", f"{number}")
    for number, (label, source) in enumerate([(0, "gan")] * 6 + [(1, "ffhq")] + [(1, "web")] * 3)
]


@pytest.mark.parametrize(
    ("balance", "gan", "ffhq", "web"),
    [("none", 6, 1, 3), ("class", 5, 1.25, 3.75), ("source", 5, 2.5, 2.5)],
)
def test_what_sources_weigh_in_total(balance, gan, ffhq, web):
    weights = sample_weights(SAMPLES, balance)
    assert weights.dtype == np.float32
    assert weights.mean() == pytest.approx(1)
    parts = [weights[:6], weights[6:7], weights[7:]]
    assert [part.sum() for part in parts] == pytest.approx([gan, ffhq, web])
