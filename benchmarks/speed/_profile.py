"""Profiles networks layer by layer, against a lower bound that no runtime can beat.

ONNX Runtime's profiler reports time and shapes of every layer; the arithmetic follows from the
shapes. The peak throughput is what the fastest large layer of the run reaches; arithmetic
divided by it is a lower bound: the time that the network needs here even if every layer were as
fast as that one (the roofline model of Williams et al. 2009, without its memory part).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from benchmarks._models import check_distinct_names
from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import provenance
from benchmarks.speed._latency import one_crop, pictures
from benchmarks.speed._layers import (
    WARM,
    Layer,
    is_layer,
    key_of,
    kind_of,
    layers_of,
    peak_throughput,
    summary,
)
from fakeface import Detector, ModelInfo
from fakeface.diagnostics import Variant, environment, interleaved, timed
from fakeface.inference import open_session, session_options
from fakeface.model_directory import find_model, load_model


@dataclass(frozen=True, slots=True)
class _Network:
    """A network and its input.

    Attributes:
        info: Its description.
        encoded: Bytes of the ONNX file.
        crop: uint8, shape (1, size, size, 3).
    """

    info: ModelInfo
    encoded: bytes
    crop: np.ndarray[Any, Any]

    def session(
        self, threads: int, options: ort.SessionOptions | None = None
    ) -> ort.InferenceSession:
        """Open a session on the CPU."""
        return open_session(self.info.name, self.encoded, "cpu", threads, options)

    def run(self, session: ort.InferenceSession) -> Callable[[], object]:
        """Return a function that runs the network once."""
        return lambda: session.run(["p_fake"], {"image": self.crop})


def _open(model: str, picture: bytes) -> _Network:
    info, encoded = load_model(find_model(Path(model)), "classifier")
    return _Network(info, encoded, one_crop(Detector(model, "cpu", 1), picture))


def profile(
    models: Sequence[str],
    threads: Sequence[int] = (1, 2),
    seconds: float = 60.0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Profile networks side by side.

    Args:
        models: Names or directories of models.
        threads: Numbers of threads to run them with.
        seconds: Seconds to measure for, in total.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, and `threads`: for each number of
        them the `peak_throughput` per precision, in 1e9 operations a second, and `models`: per
        model its version, sha256, `whole_ms` of a run without the profiler, `operations`,
        `lower_bound_ms`, `kinds` (count, operations, ms, share of the layers' time, speed) and
        `layers`.

    Raises:
        FakefaceError: A model cannot run.
        ValueError: Two models have the same name.
    """
    before = environment()
    picture = pictures()["1024 px"]
    check_distinct_names(models)
    networks = {model: _open(model, picture) for model in models}
    out: dict[str, Any] = {}
    for number in threads:
        layers = _layers(networks, number, seconds / len(threads) / 2, begin)
        whole = _whole(networks, number, seconds / len(threads) / 2, begin)
        peaks = peak_throughput([layer for mine in layers.values() for layer in mine])
        out[str(number)] = {
            "peak_throughput": {precision: round(speed, 1) for precision, speed in peaks.items()},
            "models": {
                network.info.name: {
                    "version": network.info.version,
                    "sha256": network.info.sha256,
                    "whole_ms": round(whole[model], 3),
                    **summary(layers[model], peaks),
                }
                for model, network in networks.items()
            },
        }
    return {"benchmark": "profile", **provenance(before), "threads": out}


def _layers(
    networks: dict[str, _Network], threads: int, seconds: float, begin: Begin
) -> dict[str, list[Layer]]:
    """Time the layers of all networks in turns."""
    with tempfile.TemporaryDirectory() as folder:
        sessions = {
            model: _watched(network, threads, folder) for model, network in networks.items()
        }
        runs: dict[str, Variant] = {
            model: timed(networks[model].run(session)) for model, session in sessions.items()
        }
        advance = hundredths(begin(f"layers, {threads} threads", 100))
        interleaved(runs, seconds, least=5 * WARM, advance=advance)
        events = {
            model: json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
            for model, session in sessions.items()
        }
        shapes = {model: _shapes(network, threads, folder) for model, network in networks.items()}
    return {model: layers_of(run, shapes[model]) for model, run in events.items()}


def _watched(
    network: _Network, threads: int, folder: str, prepack: bool = True
) -> ort.InferenceSession:
    options = session_options(threads)
    options.enable_profiling = True
    options.profile_file_prefix = str(Path(folder) / "layers")
    if not prepack:
        options.add_session_config_entry("session.disable_prepacking", "1")
    return network.session(threads, options)


def _shapes(network: _Network, threads: int, folder: str) -> dict[tuple[str, str], tuple[str, int]]:
    """Return kind and operations of every layer; weights are not packed, to show their shapes."""
    session = _watched(network, threads, folder, prepack=False)
    network.run(session)()
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return {
        key_of(event): kind_of(
            event["args"]["op_name"],
            [next(iter(given.values())) for given in event["args"]["input_type_shape"]],
            [next(iter(given.values())) for given in event["args"]["output_type_shape"]],
        )
        for event in events
        if is_layer(event)
    }


def _whole(
    networks: dict[str, _Network], threads: int, seconds: float, begin: Begin
) -> dict[str, float]:
    """Measure the median time of a run without the profiler, in milliseconds."""
    runs: dict[str, Variant] = {
        model: timed(network.run(network.session(threads))) for model, network in networks.items()
    }
    advance = hundredths(begin(f"whole runs, {threads} threads", 100))
    ran = interleaved(runs, seconds, advance=advance)
    return {model: ran[model]["whole"].p50 for model in networks}
