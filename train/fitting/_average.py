"""Averages the weights of trainings that started from the same weights.

Fine-tunings of one start end in one valley, where the average of their weights is as right as
each of them on what they were trained on, at the cost of one network, and often less wrong on what
none of them saw ("Model soups", Wortsman et al. 2022, arXiv 2203.05482). The start itself, given a
share, keeps what it could do elsewhere ("Robust fine-tuning of zero-shot models", Wortsman et al.
2022, arXiv 2109.01903).

An average may also be one of views: the same network looks at a crop more than once
(`train.networks._tta`).

Calibration, thresholds and figures are those of the average, fitted anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train._errors import RunError
from train.fitting._fit import begin, finish, refuse_finished
from train.fitting._inference import score
from train.fitting._result import Fitted
from train.fitting._run import Run, load_run
from train.networks._heads import LOGIT
from train.networks._warm_start import convolutions, exported_head, model_folder

if TYPE_CHECKING:
    import keras

    from train.data._dataset import Data
    from train.data._sample import Sample


def average(
    runs: Sequence[Run],
    shares: Sequence[float],
    data: Data,
    out: Path,
    name: str,
    start_share: float = 0.0,
    views: Sequence[str] = (),
    generations: bool = False,
) -> Run:
    """Average runs of one start, or the views of one run, and write its run directory.

    Args:
        runs: Finished fine-tunings with the same backbone, taps, crop and start.
        shares: What each of them weighs, positive; only their ratios matter.
        data: From `train.fitting._fit.read_data`, as the runs had it.
        out: The run directory to write.
        name: Name of the average, in place of a recipe's.
        start_share: Share of the start's convolutions in the average, 0 to below 1; of its head
            too where the runs started from that.
        views: What the average looks at (`train.networks._tta.VIEWS`); as the first run where
            empty.
        generations: The runs may have started at different places of one line, as where one goes
            on from the average of others. Whether they still are in one valley, the figures say.

    Returns:
        The finished run. Its recipe is the first run's, under `name`; its key `averaged` says what
        went into it.

    Raises:
        RunError: The runs do not fit together or to the data, have no one start though it is to
            have a share, there are no such views, or `out` holds a finished run.
    """
    began = time.monotonic()
    refuse_finished(out)
    first = runs[0]
    for run in runs[1:]:
        _check_alike(first, run, generations=generations)
    if first.info["data"]["fingerprint"] != data.fingerprint():
        raise RunError(
            f"{data.root} is not what {first.path} was fitted on: its val and test may hold"
            " pictures that the runs have seen"
        )
    assert first.recipe.finetune is not None
    start = first.recipe.finetune.start
    if start_share and (not start or generations):
        raise RunError("the runs do not name one start that could have a share (finetune.start)")
    shares = [share / sum(shares) for share in shares]
    model = first.model
    model.set_weights(_mixed([run.model.get_weights() for run in runs], shares))
    if start_share:
        folder = model_folder(start)
        _blend_start(model, folder, start_share, head=first.recipe.finetune.start_head)
    finetune = first.recipe.finetune
    if views:
        try:
            finetune = replace(finetune, views=tuple(views))
        except ValueError as error:
            raise RunError(f"{first.path} cannot be averaged: {error}") from error
    what = f"Average of {len(runs)} training{'s' * (len(runs) > 1)}."
    recipe = replace(first.recipe, name=name, description=what, finetune=finetune)

    def logits(samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        return score(model, samples, recipe)

    averaged = [
        {
            "recipe": run.recipe.as_dict(),
            "share": (1 - start_share) * share,
            "fitted_by": run.info["command"],
            **({"averaged": run.info["averaged"]} if "averaged" in run.info else {}),
        }
        for run, share in zip(runs, shares, strict=True)
    ]
    begin(out, recipe, data)
    return finish(
        out,
        recipe,
        data,
        Fitted(model, [], logits),
        time.monotonic() - began,
        averaged={"runs": averaged, "start": start_share},
    )


def load_runs(paths: Sequence[Path]) -> list[Run]:
    """Open the runs to average.

    Raises:
        RunError: One of them is no finished fine-tuning.
    """
    runs = [load_run(path) for path in paths]
    for run in runs:
        if run.recipe.finetune is None:
            raise RunError(
                f"{run.path}: only fine-tunings can be averaged, this has a frozen backbone"
            )
    return runs


def _check_alike(one: Run, other: Run, *, generations: bool) -> None:
    a, b = one.recipe, other.recipe
    assert a.finetune is not None
    assert b.finetune is not None
    for what, left, right in (
        ("backbone", a.backbone.name, b.backbone.name),
        ("crop", a.crop, b.crop),
        ("taps", a.finetune.taps, b.finetune.taps),
        ("start", a.finetune.start, b.finetune.start),
        ("data", one.info["data"]["fingerprint"], other.info["data"]["fingerprint"]),
    ):
        if left != right and not (generations and what == "start"):
            raise RunError(f"{other.path} cannot be averaged with {one.path}: another {what}")


def _mixed(
    weights: Sequence[Sequence[npt.NDArray[np.float32]]], shares: Sequence[float]
) -> list[npt.NDArray[np.float32]]:
    return [
        np.sum([share * part for share, part in zip(shares, parts, strict=True)], axis=0)
        for parts in zip(*weights, strict=True)
    ]


def _blend_start(model: keras.Model, folder: Path, share: float, *, head: bool) -> None:
    from keras import layers

    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    own = [layer for layer in model.layers if isinstance(layer, kinds) and layer.name != LOGIT]
    pairs = list(zip(own, convolutions(folder), strict=False))
    if head:
        pairs.append((model.get_layer(LOGIT), exported_head(folder)))
    for layer, (kernel, bias) in pairs:
        here = layer.get_weights()
        layer.set_weights(
            [(1 - share) * a + share * b for a, b in zip(here, (kernel, bias), strict=True)]
        )
