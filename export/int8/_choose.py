"""Chooses a scheme on crops of `train`, then the layers in fp32 and the calibration on `val`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit, ndtr

from export.int8._graph import Crops, Doubles
from export.int8._quantize import METHODS, isolated_nodes
from export.int8._recalibrate import Line, fit_line, logits
from export.int8._request import Request
from export.int8._samples import crop_samples, stratified_sample
from export.int8._search import QUICK_METHODS, Deadline, Layer, QuantisationSearch, Trial
from fakeface import ModelInfo, Thresholds
from train.command_line import console, progress
from train.data import Data

if TYPE_CHECKING:
    import onnx

MAX_EXPECTED_CHANGE = 0.009
"""Fraction of verdicts that may be expected to change on `val`: the most sensitive layers return to
fp32 one by one until it is met. Mostly they are the first of a network, where feature maps are
large and traces of generators fine, and int8 gains least."""

MOST_VAL = 2000
"""Most pictures of `val` that calibration is fitted on."""

SEED = 0

STEPS = 6
"""Steps of an export, as its progress counts them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Outcome of the search.

    Attributes:
        trials: The schemes compared, the best first.
        layers: Sensitivity of the layers.
        kept_in_fp32: Names of the layers that stay in fp32.
        line: Calibration from logits in int8 to those in fp32.
        steps: Noise and changed verdicts on `val` with every number of layers in fp32.
    """

    trials: list[Trial]
    layers: list[Layer]
    kept_in_fp32: tuple[str, ...]
    line: Line
    steps: list[dict[str, Any]]


def quantise(
    model: onnx.ModelProto, info: ModelInfo, data: Data, request: Request
) -> tuple[onnx.ModelProto, Choice]:
    """Search on crops of `train`; choose the fp32 layers and the calibration on `val`.

    Args:
        model: The network in fp32.
        info: Its description.
        data: The pictures that it was trained on.
        request: What to quantise, and how.

    Returns:
        The quantised network, not yet calibrated, and what was chosen.
    """
    assert info.crop is not None
    assert info.thresholds is not None
    deadline = Deadline.after(request.minutes)
    sampled = stratified_sample(data.split("train"), 2 * request.crops, SEED)
    crops = crop_samples(sampled, info.crop, step_name(1, "cropping faces of train"))
    half = len(crops) // 2
    search = QuantisationSearch(model, crops[:half], crops[half:], deadline)
    methods = QUICK_METHODS if request.quick else METHODS
    trials = search.compare_schemes(request.scheme, methods, step_name(2, "comparing schemes"))
    for trial in trials:
        console.print(_line_of(trial), markup=False, soft_wrap=True)
    scheme = trials[0].scheme
    layers = search.sensitivity(scheme, step_name(3, "measuring the sensitivity of layers"))
    val = data.split("val")
    val = stratified_sample(val, MOST_VAL, SEED) if len(val) > MOST_VAL else val
    crops = crop_samples(val, info.crop, step_name(4, "cropping faces of val"))
    wanted = logits(model, crops)
    best: tuple[float, onnx.ModelProto, Choice] | None = None
    steps: list[dict[str, Any]] = []
    counts = range(min(request.most_fp32, len(layers)) + 1)
    order = _by_sensitivity(layers)
    kept_in_fp32: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    for count in progress(counts, step_name(5, "keeping sensitive layers in fp32"), len(counts)):
        layer = tuple(order[max(count - 1, 0) : count])
        for more in dict.fromkeys([(*kept_in_fp32, *waiting, *layer), (*kept_in_fp32, *layer)]):
            quantised = search.build(scheme, more)
            if not isolated_nodes(quantised):
                break
        else:  # it may not stay in fp32 alone: try again with its neighbours
            waiting = (*waiting, *layer)
            continue
        kept_in_fp32, waiting = more, tuple(name for name in waiting if name not in more)
        line, step = _on_val(quantised, crops, wanted, info.thresholds)
        steps.append({"kept_in_fp32": len(kept_in_fp32), **step})
        console.print(
            f"{len(kept_in_fp32)} layers in fp32: noise {step['noise']:.3f}; on val"
            f" {step['changed']:.2%} of verdicts change, {step['expected']:.2%} expected",
            markup=False,
            soft_wrap=True,
        )
        if best is None or step["expected"] < best[0]:
            choice = Choice(trials, layers, kept_in_fp32, line, steps)
            best = step["expected"], quantised, choice
        if step["expected"] <= MAX_EXPECTED_CHANGE or deadline.passed:
            break
    if deadline.passed:
        console.print(
            f"the search ended after {request.minutes:g} minutes with the best so far:"
            f" {len(trials)} schemes compared, up to {len(kept_in_fp32)} layers in fp32",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    assert best is not None  # with no layer in fp32 none is isolated
    return best[1], best[2]


def _by_sensitivity(layers: list[Layer]) -> list[str]:
    """Return the names of layers, the most sensitive first; those not measured last, in order."""
    return [layer.name for layer in sorted(layers, key=lambda layer: -(layer.noise or 0.0))]


def step_name(number: int, name: str) -> str:
    """Return the name of a step with its number; off a terminal announce it."""
    text = f"step {number} of {STEPS}: {name}"
    if not console.is_terminal:
        console.print(text, markup=False, soft_wrap=True)
    return text


def _on_val(
    quantised: onnx.ModelProto, crops: Crops, wanted: Doubles, thresholds: Thresholds
) -> tuple[Line, dict[str, float]]:
    """Fit the calibration on `val`, and return it with the fraction of verdicts that change.

    The expected fraction spreads every picture's logit by the noise: it is more stable than the
    fraction of those that did change, which stands beside it.
    """
    found = logits(quantised, crops)
    line = fit_line(found, wanted)
    after = line(found)
    noise = float((after - wanted).std())
    bounds = logit([thresholds.real, thresholds.fake])
    expected = float(sum(ndtr(-np.abs(wanted - bound) / noise).mean() for bound in bounds))
    changed = (np.digitize(after, bounds) != np.digitize(wanted, bounds)).mean()
    return line, {"noise": noise, "expected": expected, "changed": float(changed)}


def _line_of(trial: Trial) -> str:
    scheme = trial.scheme
    equalised = "none" if scheme.equalise is None else f"{scheme.equalise:g}"
    return (
        f"noise {trial.noise:.3f}, shift {trial.shift:+.3f}: ranges by {scheme.method}, weights"
        f" rounded by {scheme.rounding}, equalisation {equalised}"
    )
