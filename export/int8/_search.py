"""Looks for the way of quantising that changes the logit least, and for the layers it hurts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from export.int8._equalise import equalise
from export.int8._graph import Crops, Doubles, Graph, copy_model
from export.int8._quantize import METHODS, Scheme, calibrate, preprocess_graph, quantize
from export.int8._recalibrate import fit_line, logits
from export.int8._rounding import Scales, round_weights

if TYPE_CHECKING:
    import onnx

STRENGTHS = (None, 0.5, 1.0)
"""Strengths of equalisation that are tried; None is none."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a way of quantising did to the logit, on crops it was not measured on.

    Attributes:
        scheme: The way.
        shift: Mean change of the calibrated logit of AI; calibration takes it back.
        noise: Standard deviation of what the best line leaves of the change.
    """

    scheme: Scheme
    shift: float
    noise: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**self.scheme.as_dict(), "shift": self.shift, "noise": self.noise}


@dataclass(frozen=True, slots=True)
class Layer:
    """What quantising one layer does.

    Attributes:
        name: Name of the convolution in the graph.
        noise: Of the logit, with this layer quantised and all others in fp32.
    """

    name: str
    noise: float


class QuantisationSearch:
    """One model on the way to 8 bits; what several ways have in common is done once."""

    def __init__(self, model: onnx.ModelProto, measured: Crops, held_out: Crops) -> None:
        """Prepare a model.

        Args:
            model: The classifier in fp32.
            measured: Crops that ranges and weights are fitted on, uint8 [n, size, size, 3].
            held_out: Crops that ways of quantising are compared on, likewise.
        """
        self.model = preprocess_graph(model)
        self._measured, self._held_out = measured, held_out
        self._wanted = logits(self.model, held_out)
        self._scaled: dict[float | None, onnx.ModelProto] = {}
        self._rounded: dict[Any, tuple[onnx.ModelProto, Scales]] = {}
        self._ranges: dict[Any, Any] = {}

    def layers(self) -> list[str]:
        """Names of the convolutions, in order."""
        return [node.name for node in Graph(self.model).convolutions]

    def build(self, scheme: Scheme, kept_in_fp32: Collection[str] = ()) -> onnx.ModelProto:
        """Quantise in some way.

        Args:
            scheme: The way.
            kept_in_fp32: Names of convolutions and sums that stay in fp32.

        Returns:
            The graph, not yet calibrated anew.
        """
        model, steps = self._weights(scheme)
        key = (scheme.equalise, scheme.rounding, scheme.levels, scheme.method)
        if key not in self._ranges:
            self._ranges[key] = calibrate(model, self._measured, scheme.method)
        if kept_in_fp32:
            model = _restore_weights(model, self._scaled[scheme.equalise], kept_in_fp32)
        return quantize(model, self._ranges[key], scheme, kept_in_fp32, steps)

    def _weights(self, scheme: Scheme) -> tuple[onnx.ModelProto, Scales]:
        if scheme.equalise not in self._scaled:
            scaled = copy_model(self.model)
            if scheme.equalise is not None:
                equalise(scaled, self._measured, scheme.equalise)
            self._scaled[scheme.equalise] = scaled
        if scheme.rounding == "nearest":
            return self._scaled[scheme.equalise], {}
        key = (scheme.equalise, scheme.levels)
        if key not in self._rounded:
            model = copy_model(self._scaled[scheme.equalise])
            self._rounded[key] = (model, round_weights(model, self._measured, scheme.levels))
        return self._rounded[key]

    def evaluate(self, scheme: Scheme, kept_in_fp32: Collection[str] = ()) -> Trial:
        """Quantise in some way and see what it does on the crops held out."""
        shift, noise = difference(
            logits(self.build(scheme, kept_in_fp32), self._held_out), self._wanted
        )
        return Trial(scheme, shift, noise)

    def compare_schemes(self, scheme: Scheme) -> list[Trial]:
        """Compare ways of quantising.

        Args:
            scheme: Says for what; its ways are replaced.

        Returns:
            What was tried, the best first.
        """
        plain = replace(scheme, method="minmax", equalise=None, rounding="nearest")
        trials = [self.evaluate(plain)]
        for strength in STRENGTHS:
            way = replace(plain, rounding="descent", equalise=strength)
            trials.append(self.evaluate(way))
        leader = min(trials, key=lambda trial: trial.noise).scheme
        for method in METHODS[1:]:
            trials.append(self.evaluate(replace(leader, method=method)))
        return sorted(trials, key=lambda trial: trial.noise)

    def sensitivity(self, scheme: Scheme) -> list[Layer]:
        """See what each layer does when it alone is quantised.

        Args:
            scheme: The way of quantising.

        Returns:
            The layers, in order.
        """
        graph = Graph(self.model)
        names = [node.name for node in (*graph.convolutions, *graph.sums)]
        return [
            Layer(name, self.evaluate(scheme, set(names) - {name}).noise) for name in self.layers()
        ]


def difference(found: Doubles, wanted: Doubles) -> tuple[float, float]:
    """Mean difference of logits, and the standard deviation that the best line leaves."""
    rest = fit_line(found, wanted)(found) - wanted
    return float((found - wanted).mean()), float(rest.std())


def _restore_weights(
    model: onnx.ModelProto, original: onnx.ModelProto, kept_in_fp32: Collection[str]
) -> onnx.ModelProto:
    """A model with the weights of some layers as they were before rounding."""
    out = copy_model(model)
    graph, source = Graph(out), Graph(original)
    for node in graph.convolutions:
        if node.name in kept_in_fp32:
            for name in node.input[1:]:
                graph.set_constant(name, source.constant(name))
    return out
