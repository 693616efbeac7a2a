"""Quantises a network, and keeps sensitive layers in fp32 where too many verdicts would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit, ndtr

from export.int8._graph import Crops, Doubles
from export.int8._network import Layer, Network
from export.int8._quantize import isolated_nodes
from export.int8._recalibrate import Line, fit_line, logits
from export.int8._request import Request
from export.int8._samples import crop_samples, half_of_each_class
from fakeface import ModelInfo, Thresholds
from train.command_line import console, progress
from train.data import Data

if TYPE_CHECKING:
    import onnx

MAX_EXPECTED_CHANGE = 0.009
"""Fraction of verdicts that may be expected to change on `val`: above it, the most sensitive layers
return to fp32 one by one. Mostly they are the first of a network, where feature maps are large and
traces of generators fine, and int8 gains least."""

MOST_VAL = 2000
"""Most pictures of `val` that calibration is fitted on."""

MOST_SENSITIVITY = 256
"""Most of them that the sensitivity of layers is measured on."""

SEED = 0

STEPS = 5
"""Steps of an export, as its progress counts them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        layers: Sensitivity of the layers; empty where none had to be measured.
        kept_in_fp32: Names of the layers that stay in fp32.
        line: Calibration from logits in int8 to those in fp32.
        steps: Noise and changed verdicts on `val` with every number of layers in fp32.
    """

    layers: list[Layer]
    kept_in_fp32: tuple[str, ...]
    line: Line
    steps: list[dict[str, Any]]


def quantise(
    model: onnx.ModelProto, info: ModelInfo, data: Data, request: Request
) -> tuple[onnx.ModelProto, Choice]:
    """Quantise on crops of `train`; choose the fp32 layers and the calibration on `val`.

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
    thresholds = info.thresholds
    sampled = half_of_each_class(data.split("train"), request.crops, SEED)
    crops = crop_samples(sampled, info.crop, step_name(1, "cropping faces of train"))
    network = Network(
        model, crops, request.target, request.reduce_range, lambda name: step_name(2, name)
    )
    val = data.split("val")
    val = half_of_each_class(val, MOST_VAL, SEED) if len(val) > MOST_VAL else val
    crops = crop_samples(val, info.crop, step_name(3, "cropping faces of val"))
    wanted = logits(model, crops)
    steps: list[dict[str, Any]] = []

    def measured(kept: tuple[str, ...], quantised: onnx.ModelProto) -> tuple[Line, float]:
        line, step = _on_val(quantised, crops, wanted, thresholds)
        steps.append({"kept_in_fp32": len(kept), **step})
        console.print(
            f"{len(kept)} layers in fp32: noise {step['noise']:.3f}; on val {step['changed']:.2%}"
            f" of verdicts change, {step['expected']:.2%} expected",
            markup=False,
            soft_wrap=True,
        )
        return line, step["expected"]

    quantised = network.build()
    line, expected = measured((), quantised)
    best = expected, quantised, Choice([], (), line, steps)
    if expected > MAX_EXPECTED_CHANGE and request.most_fp32:
        layers = network.sensitivity(
            crops[:: -(-len(crops) // MOST_SENSITIVITY)],
            request.minutes,
            step_name(4, "too many verdicts would change: measuring the sensitivity of layers"),
        )
        tried = _most_sensitive_kept(network, layers, request.most_fp32)
        for kept, quantised in tried:
            line, expected = measured(kept, quantised)
            if expected < best[0]:
                best = expected, quantised, Choice(layers, kept, line, steps)
            if expected <= MAX_EXPECTED_CHANGE:
                break
    return best[1], best[2]


def _most_sensitive_kept(
    network: Network, layers: list[Layer], most: int
) -> Iterator[tuple[tuple[str, ...], onnx.ModelProto]]:
    """Yield the network with one more of the most sensitive layers in fp32, up to `most`.

    Layers that were not measured come last, in order.
    """
    order = [layer.name for layer in sorted(layers, key=lambda layer: -(layer.noise or 0.0))]
    order = order[:most]
    kept: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    for name in progress(order, step_name(4, "keeping sensitive layers in fp32"), len(order)):
        for more in dict.fromkeys([(*kept, *waiting, name), (*kept, name)]):
            quantised = network.build(more)
            if not isolated_nodes(quantised):
                kept, waiting = more, tuple(layer for layer in waiting if layer not in more)
                yield kept, quantised
                break
        else:  # it may not stay in fp32 alone: try again with its neighbours
            waiting = (*waiting, name)


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
