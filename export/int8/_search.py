"""Searches for the quantisation scheme that changes the logit least, and for sensitive layers."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from export.int8._equalise import equalise
from export.int8._graph import Crops, Doubles, Graph, copy_model
from export.int8._quantize import METHODS, Method, Scheme, calibrate, preprocess_graph, quantize
from export.int8._recalibrate import fit_line, logits
from export.int8._rounding import Scales, round_weights
from train.command_line import progress

if TYPE_CHECKING:
    import onnx

STRENGTHS = (None, 0.5, 1.0)
"""Strengths of equalisation that are compared; None is none."""

QUICK_METHODS: tuple[Method, ...] = ("minmax", "percentile")
"""Calibration methods of a quick search: entropy takes most of the time and rarely wins."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a search has to end.

    Attributes:
        at: Time of `time.monotonic`.
    """

    at: float = float("inf")

    @classmethod
    def after(cls, minutes: float | None) -> Deadline:
        """Return the deadline that is some minutes away; None for never."""
        return cls() if minutes is None else cls(time.monotonic() + 60 * minutes)

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self.at


@dataclass(frozen=True, slots=True)
class Trial:
    """What a scheme did to the logit, on crops that it was not calibrated on.

    Attributes:
        scheme: The scheme.
        shift: Mean change of the calibrated logit of AI; recalibration corrects it.
        noise: Standard deviation of the change after the best linear fit.
    """

    scheme: Scheme
    shift: float
    noise: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**self.scheme.as_dict(), "shift": self.shift, "noise": self.noise}


@dataclass(frozen=True, slots=True)
class Layer:
    """Sensitivity of one layer.

    Attributes:
        name: Name of the convolution in the graph.
        noise: Noise of the logit with only this layer quantised; None where the search ended
            before it was measured.
    """

    name: str
    noise: float | None


class QuantisationSearch:
    """Search over schemes for one model; work that schemes share is done once."""

    def __init__(
        self,
        model: onnx.ModelProto,
        measured: Crops,
        held_out: Crops,
        deadline: Deadline | None = None,
    ) -> None:
        """Preprocess the model and score the held-out crops with it.

        Args:
            model: The classifier in fp32.
            measured: Crops that ranges and weights are fitted on, uint8 [n, size, size, 3].
            held_out: Crops that schemes are compared on, likewise.
            deadline: When to end the search; None for when it is done.
        """
        self._deadline = deadline or Deadline()
        self.model = preprocess_graph(model)
        self._measured, self._held_out = measured, held_out
        self._wanted = logits(self.model, held_out)
        self._scaled: dict[float | None, onnx.ModelProto] = {}
        self._rounded: dict[Any, tuple[onnx.ModelProto, Scales]] = {}
        self._ranges: dict[Any, Any] = {}

    def layers(self) -> list[str]:
        """Return the names of the convolutions, in order."""
        return [node.name for node in Graph(self.model).convolutions]

    def build(self, scheme: Scheme, kept_in_fp32: Collection[str] = ()) -> onnx.ModelProto:
        """Quantise the model.

        Args:
            scheme: How.
            kept_in_fp32: Names of convolutions and sums that stay in fp32.

        Returns:
            The graph, not yet recalibrated.
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
        """Quantise the model and measure the change of the logit on the held-out crops."""
        shift, noise = difference(
            logits(self.build(scheme, kept_in_fp32), self._held_out), self._wanted
        )
        return Trial(scheme, shift, noise)

    def compare_schemes(
        self, scheme: Scheme, methods: tuple[Method, ...] = METHODS, what: str = "comparing schemes"
    ) -> list[Trial]:
        """Compare schemes until the deadline.

        First strengths of equalisation, then, for the best of them, calibration methods.

        Args:
            scheme: Gives the target; method, equalisation and rounding are replaced.
            methods: Calibration methods to compare, `minmax` first.
            what: What to call it in the progress.

        Returns:
            One trial per scheme, the best first; at least one.
        """
        trials: list[Trial] = []
        total = 1 + len(STRENGTHS) + len(methods) - 1
        for trial in progress(self._trials(scheme, methods, trials), what, total):
            trials.append(trial)
            if self._deadline.passed:
                break
        return sorted(trials, key=lambda trial: trial.noise)

    def _trials(
        self, scheme: Scheme, methods: tuple[Method, ...], done: list[Trial]
    ) -> Iterator[Trial]:
        plain = replace(scheme, method="minmax", equalise=None, rounding="nearest")
        yield self.evaluate(plain)
        for strength in STRENGTHS:
            yield self.evaluate(replace(plain, rounding="descent", equalise=strength))
        leader = min(done, key=lambda trial: trial.noise).scheme
        for method in methods[1:]:
            yield self.evaluate(replace(leader, method=method))

    def sensitivity(self, scheme: Scheme, what: str = "measuring layers") -> list[Layer]:
        """Measure what quantising each layer alone does, until the deadline.

        Args:
            scheme: How.
            what: What to call it in the progress.

        Returns:
            The layers, in order.
        """
        graph = Graph(self.model)
        names = {node.name for node in (*graph.convolutions, *graph.sums)}
        layers = self.layers()
        return [
            Layer(
                name,
                None if self._deadline.passed else self.evaluate(scheme, names - {name}).noise,
            )
            for name in progress(layers, what, len(layers))
        ]


def difference(found: Doubles, wanted: Doubles) -> tuple[float, float]:
    """Return mean and, after the best linear fit, standard deviation of the change of logits."""
    rest = fit_line(found, wanted)(found) - wanted
    return float((found - wanted).mean()), float(rest.std())


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
