from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra `train` or `bench`")
from matplotlib.figure import Figure

from fakeface import Thresholds
from train.evaluate import Scores
from train.evaluate._plots import plot_roc, plot_scores


@pytest.fixture
def figures(monkeypatch):
    """The figures that are saved."""
    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: saved.append(figure))
    return saved


@pytest.mark.parametrize(("count", "scale"), [(20, "linear"), (60, "symlog"), (4000, "symlog")])
def test_the_axis_of_a_histogram_can_be_read(count, scale, figures, tmp_path):
    labels = np.repeat([0, 1], count)
    plot_scores(np.full(2 * count, 0.51), labels, Thresholds(0.9, 0.1), tmp_path / "scores.png")
    (axes,) = figures[0].axes
    figures[0].draw_without_rendering()
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert axes.get_yscale() == scale
    assert len(ticks) >= 4
    assert all(tick == round(tick) for tick in ticks)
    assert all(text.get_text() for text in axes.get_yticklabels())


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
