"""A classifier that is being quantised, with any of its layers kept in fp32."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from export.int8._equalise import equalise
from export.int8._graph import Crops, Doubles, Graph, copy_model
from export.int8._quantize import (
    LEVELS,
    LEVELS_REDUCED,
    Target,
    calibrate,
    preprocess_graph,
    quantize,
)
from export.int8._recalibrate import fit_line, logits
from export.int8._rounding import round_weights
from train.command_line import progress

if TYPE_CHECKING:
    import onnx

EQUALISATION = 0.5
"""Strength of the equalisation between layers (`export.int8._equalise`)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Sensitivity of one layer.

    Attributes:
        name: Name of the convolution in the graph.
        noise: Noise of the logit with only this layer quantised; None where it was not measured.
    """

    name: str
    noise: float | None


class Network:
    """A classifier with weights rounded and ranges measured, to be quantised as a whole or in part.

    Attributes:
        model: The preprocessed and equalised network in fp32.
    """

    def __init__(
        self,
        model: onnx.ModelProto,
        crops: Crops,
        target: Target = "x86",
        reduce_range: bool = False,
        step: Callable[[str], str] = str,
    ) -> None:
        """Equalise the layers, round the weights and measure the ranges.

        Args:
            model: The classifier in fp32.
            crops: Crops to fit all that on, uint8 [n, size, size, 3].
            target: Processor.
            reduce_range: Weights of 7 bits, for x86 without VNNI.
            step: Makes a title of the progress of a step's name.
        """
        self.model = preprocess_graph(model)
        equalise(self.model, crops, EQUALISATION)
        self._target, self._reduce_range = target, reduce_range
        self._rounded = copy_model(self.model)
        self._steps = round_weights(
            self._rounded,
            crops,
            LEVELS_REDUCED if reduce_range else LEVELS,
            what=step("rounding weights"),
        )
        self._ranges = calibrate(self._rounded, crops, step("measuring ranges"))

    @property
    def layers(self) -> list[str]:
        """Names of the convolutions, in order."""
        return [node.name for node in Graph(self.model).convolutions]

    def build(self, kept_in_fp32: Collection[str] = ()) -> onnx.ModelProto:
        """Quantise the network; it is not recalibrated yet.

        Args:
            kept_in_fp32: Names of convolutions and sums that stay in fp32.
        """
        model = self._rounded
        if kept_in_fp32:
            model = _restore_weights(model, self.model, kept_in_fp32)
        return quantize(
            model, self._ranges, self._target, self._reduce_range, kept_in_fp32, self._steps
        )

    def sensitivity(
        self, crops: Crops, minutes: float | None = None, what: str = "measuring layers"
    ) -> list[Layer]:
        """Measure what quantising each layer alone does.

        Args:
            crops: Crops that nothing was fitted on, uint8 [n, size, size, 3].
            minutes: Minutes after which layers are left unmeasured; None for no limit.
            what: What to call it in the progress.

        Returns:
            The layers, in order.
        """
        end = time.monotonic() + 60 * (float("inf") if minutes is None else minutes)
        graph = Graph(self.model)
        names = {node.name for node in (*graph.convolutions, *graph.sums)}
        wanted = logits(self.model, crops)

        def noise(name: str) -> float | None:
            if time.monotonic() >= end:
                return None
            return noise_of(logits(self.build(names - {name}), crops), wanted)

        return [Layer(name, noise(name)) for name in progress(self.layers, what, len(self.layers))]


def noise_of(found: Doubles, wanted: Doubles) -> float:
    """Return the standard deviation of the change of logits, after the best linear fit."""
    return float((fit_line(found, wanted)(found) - wanted).std())


def _restore_weights(
    model: onnx.ModelProto, original: onnx.ModelProto, kept_in_fp32: Collection[str]
) -> onnx.ModelProto:
    """Return a copy in which some layers have the weights that they had before rounding."""
    out = copy_model(model)
    graph, source = Graph(out), Graph(original)
    for node in graph.convolutions:
        if node.name in kept_in_fp32:
            for name in node.input[1:]:
                graph.set_constant(name, source.constant(name))
    return out
