from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra `train` or `bench`")
from matplotlib.figure import Figure

from train.evaluate import Scores
from train.evaluate._plots import plot_roc


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved."""
    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: saved.append(figure))
    return saved


def test_of_one_picture_there_is_no_curve(figures):
    origins = ["AI/gan"] * 12 + ["AI/lone"] + ["Real/phones"] * 12
    labels = np.array([0] * 13 + [1] * 12)
    logits = np.random.default_rng(0).normal(size=25)
    names = [str(number) for number in range(25)]
    plot_roc(Scores(names, labels, np.array(origins), logits), Path("roc.png"))
    (axes,) = figures[0].axes
    (gan, whole) = (text.get_text() for text in axes.get_legend().get_texts())
    assert gan.startswith("AI/gan (12), ")
    assert whole.startswith("all (13 AI, 12 Real), ")
