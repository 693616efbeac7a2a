"""Where the time of a network goes, layer by layer, and how much of it no run time could save.

ONNX Runtime's own profiler tells the time and the shapes of every layer; from the shapes follows
the arithmetic. The roof is what the fastest large layer of the run reaches: arithmetic divided by
it is the floor, the time that a network needs here even if every layer were as fast as that one
(Williams et al., Roofline, 2009, without the part about memory).
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime as ort

from benchmarks._latency import one_crop, pictures
from benchmarks._progress import Begin, hundredths
from benchmarks._provenance import provenance
from fakeface import Detector
from fakeface._bench import Variant, interleaved, timed
from fakeface._environment import environment
from fakeface._model import find_model, load_model
from fakeface._providers import open_session, session_options

KINDS = ("pointwise", "depthwise", "other convolutions", "matrix products", "all else")
"""What layers are told apart by: convolutions of 1 x 1, convolutions of each channel with itself,
those that are neither; matrix products; and what computes little and moves much."""

LARGE = 10e6
"""Operations of a layer from which it may set the roof: smaller ones are over too soon to time."""

WARM = 5
"""Runs before those that count."""

MATRIX = ("MatMul", "Gemm")
"""What the names of matrix products hold, fused or quantised as they may be."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator of a network as ONNX Runtime runs it.

    Attributes:
        name: Its name in the optimised graph.
        operator: What it is, such as `Conv` or `QLinearConv`.
        kind: One of `KINDS`.
        operations: Multiplications and additions as executed, channels padded to the width of the
            processor's vectors included; 0 for `all else`.
        ms: Median time of a run, in milliseconds.
    """

    name: str
    operator: str
    kind: str
    operations: int
    ms: float

    @property
    def precision(self) -> str:
        """`int8` or `fp32`."""
        return "int8" if "QLinear" in self.operator or "Integer" in self.operator else "fp32"

    @property
    def speed(self) -> float:
        """Operations per second, in thousands of millions."""
        return self.operations / self.ms / 1e6 if self.ms else 0.0


def profile(
    models: Sequence[str],
    threads: Sequence[int] = (1, 2),
    seconds: float = 60.0,
    begin: Begin = lambda *_: lambda _: None,
) -> dict[str, Any]:
    """Profile networks side by side.

    Args:
        models: Names or directories of models.
        threads: Numbers of threads to run them with.
        seconds: How long to measure, in all.
        begin: Called with what comes next and its number of parts; returns what to tell of it.

    Returns:
        Plain values, ready for JSON: provenance, environment, and `threads`: for each number of
        them the `roof` per precision, in 1e9 operations a second, and `models`: per model its
        version, sha256, `whole_ms` of a run that nobody profiles, `operations`, `floor_ms`,
        `kinds` (count, operations, ms, share of the layers' time, speed) and `layers`.

    Raises:
        FakefaceError: A model cannot run.
        ValueError: Two models have the same name.
    """
    before = environment()
    found = {model: find_model(Path(model)) for model in models}
    infos = {model: load_model(path, "classifier")[0] for model, path in found.items()}
    if len({info.name for info in infos.values()}) < len(models):
        raise ValueError(f"two models have the same name: {', '.join(models)}")
    picture = pictures()["1024 px"]
    crops = {model: one_crop(Detector(model, "cpu", 1), picture) for model in models}
    out: dict[str, Any] = {}
    for number in threads:
        layers = _layers(found, crops, number, seconds / len(threads) / 2, begin)
        whole = _whole(found, crops, number, seconds / len(threads) / 2, begin)
        roofs = roof([layer for mine in layers.values() for layer in mine])
        out[str(number)] = {
            "roof": {precision: round(speed, 1) for precision, speed in roofs.items()},
            "models": {
                infos[model].name: {
                    "version": infos[model].version,
                    "sha256": infos[model].sha256,
                    "whole_ms": round(whole[model], 3),
                    **summary(layers[model], roofs),
                }
                for model in models
            },
        }
    return {"benchmark": "profile", **provenance(before), "threads": out}


def roof(layers: Sequence[Layer]) -> dict[str, float]:
    """What the fastest large layer of each precision reaches.

    Args:
        layers: All layers of the run.

    Returns:
        1e9 operations a second, by precision; where no layer is large, all of them count.
    """
    speeds = {}
    for precision in sorted({layer.precision for layer in layers if layer.operations}):
        mine = [layer for layer in layers if layer.precision == precision and layer.operations]
        large = [layer for layer in mine if layer.operations >= LARGE]
        speeds[precision] = max(layer.speed for layer in large or mine)
    return speeds


def summary(layers: Sequence[Layer], roofs: dict[str, float]) -> dict[str, Any]:
    """What the layers of a network add up to.

    Args:
        layers: The layers.
        roofs: From `roof`.

    Returns:
        `operations`, `floor_ms`, `kinds` and `layers`, as in `profile`.
    """
    total = sum(layer.ms for layer in layers)
    kinds = {}
    for kind in KINDS:
        mine = [layer for layer in layers if layer.kind == kind]
        operations, ms = sum(one.operations for one in mine), sum(one.ms for one in mine)
        kinds[kind] = {
            "count": len(mine),
            "operations": operations,
            "ms": round(ms, 4),
            "share": round(ms / total, 4) if total else 0.0,
            "speed": round(operations / ms / 1e6, 1) if ms else 0.0,
        }
    # No layer here is faster than the roof but a small one, whose time counts as it is.
    floor = sum(
        min(layer.operations / roofs[layer.precision] / 1e6, layer.ms)
        for layer in layers
        if layer.operations
    )
    return {
        "operations": sum(layer.operations for layer in layers),
        "floor_ms": round(floor, 3),
        "kinds": kinds,
        "layers": [
            {
                "name": layer.name,
                "operator": layer.operator,
                "kind": layer.kind,
                "operations": layer.operations,
                "ms": round(layer.ms, 4),
                "speed": round(layer.speed, 1),
            }
            for layer in sorted(layers, key=lambda layer: -layer.ms)
        ],
    }


def _layers(
    models: dict[str, Path],
    crops: dict[str, np.ndarray[Any, Any]],
    threads: int,
    seconds: float,
    begin: Begin,
) -> dict[str, list[Layer]]:
    """The layers of all models, timed in turns."""
    with tempfile.TemporaryDirectory() as folder:
        sessions = {model: _watched(path, threads, folder) for model, path in models.items()}
        runs: dict[str, Variant] = {
            model: timed(_run(session, crops[model])) for model, session in sessions.items()
        }
        advance = hundredths(begin(f"layers, {threads} threads", 100))
        interleaved(runs, seconds, least=5 * WARM, advance=advance)
        events = {
            model: json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
            for model, session in sessions.items()
        }
        shapes = {
            model: _shapes(path, crops[model], threads, folder) for model, path in models.items()
        }
    return {model: layers_of(told, shapes[model]) for model, told in events.items()}


def _watched(path: Path, threads: int, folder: str, prepack: bool = True) -> ort.InferenceSession:
    options = session_options(threads)
    options.enable_profiling = True
    options.profile_file_prefix = str(Path(folder) / "layers")
    if not prepack:
        options.add_session_config_entry("session.disable_prepacking", "1")
    info, encoded = load_model(path, "classifier")
    return open_session(info.name, encoded, "cpu", threads, options)


def _run(session: ort.InferenceSession, crop: np.ndarray[Any, Any]) -> Callable[[], object]:
    return lambda: session.run(["p_fake"], {"image": crop})


def _shapes(
    path: Path, crop: np.ndarray[Any, Any], threads: int, folder: str
) -> dict[tuple[str, str], tuple[str, int]]:
    """Kind and operations of every layer; packed weights would hide their shapes."""
    session = _watched(path, threads, folder, prepack=False)
    _run(session, crop)()
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return {
        _key(event): kind_of(
            event["args"]["op_name"],
            [next(iter(given.values())) for given in event["args"]["input_type_shape"]],
            [next(iter(given.values())) for given in event["args"]["output_type_shape"]],
        )
        for event in events
        if _is_layer(event)
    }


def layers_of(
    events: Sequence[dict[str, Any]], shapes: dict[tuple[str, str], tuple[str, int]]
) -> list[Layer]:
    """Read the events of ONNX Runtime's profiler.

    Args:
        events: The events of many runs.
        shapes: Kind and operations per index and name of a layer.

    Returns:
        The layers, with the median of their times after the first `WARM` runs, in order.
    """
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    operators = {}
    for event in events:
        if _is_layer(event):
            times[_key(event)].append(event["dur"] / 1e3)
            operators[_key(event)] = event["args"]["op_name"]
    layers = []
    for key, took in times.items():
        kind, operations = shapes.get(key, (KINDS[-1], 0))
        layers.append(Layer(key[1], operators[key], kind, operations, median(took[WARM:] or took)))
    return layers


def _is_layer(event: dict[str, Any]) -> bool:
    return event["cat"] == "Node" and event["name"].endswith("_kernel_time")


def _key(event: dict[str, Any]) -> tuple[str, str]:
    return event["args"]["node_index"], event["name"].removesuffix("_kernel_time")


def kind_of(
    operator: str, inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]]
) -> tuple[str, int]:
    """What a layer is and how much it computes.

    Args:
        operator: Its operator.
        inputs: Shapes of its inputs, parameters included.
        outputs: Shapes of its outputs.

    Returns:
        One of `KINDS`, and the multiplications and additions.
    """
    if "Conv" in operator:
        # Scales and zero points have one dimension at most; the weights come after the picture.
        _, weights, *_ = (shape for shape in inputs if len(shape) == 4)
        operations = 2 * prod(outputs[0]) * prod(weights[1:])
        if prod(weights[2:]) == 1:
            return "pointwise", operations
        return ("depthwise" if weights[1] == 1 else "other convolutions"), operations
    if any(name in operator for name in MATRIX):
        shapes = [shape for shape in inputs if len(shape) >= 2]
        return "matrix products", 2 * prod(outputs[0]) * shapes[0][-1]
    return "all else", 0


def _whole(
    models: dict[str, Path],
    crops: dict[str, np.ndarray[Any, Any]],
    threads: int,
    seconds: float,
    begin: Begin,
) -> dict[str, float]:
    """Median time of a run without a profiler, in milliseconds."""
    runs: dict[str, Variant] = {}
    for model, path in models.items():
        info, encoded = load_model(path, "classifier")
        session = open_session(info.name, encoded, "cpu", threads)
        runs[model] = timed(_run(session, crops[model]))
    advance = hundredths(begin(f"whole runs, {threads} threads", 100))
    ran = interleaved(runs, seconds, advance=advance)
    return {model: ran[model]["whole"].p50 for model in models}
