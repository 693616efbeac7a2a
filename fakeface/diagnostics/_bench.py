"""Measure how long a verdict takes, and each of its steps.

The steps are timed around the calls that `Detector.predict` makes of its two networks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np

from fakeface._detector import Detector
from fakeface._errors import FakefaceError
from fakeface.diagnostics._environment import environment
from fakeface.diagnostics._timing import Variant, interleaved, timed
from fakeface.preprocessing import preprocess

PORTRAIT = Path(__file__).parent.parent / "pictures" / "portrait.jpg"
"""The picture that is measured if none is given."""

STAGES = ("decode", "faces", "crop", "model", "rest", "whole")
"""Steps of a verdict, as `trace` names them; `whole` is their sum."""


class _Timed:
    """A network that records when it started and ended."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.started = self.ended = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def find(self, *args: Any, **options: Any) -> Any:
        return self._timed(self._network.find, *args, **options)

    def score(self, *args: Any, **options: Any) -> Any:
        return self._timed(self._network.score, *args, **options)

    def _timed(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.started = time.perf_counter()
        found = call(*args, **options)
        self.ended = time.perf_counter()
        return found


def trace(detector: Detector, data: bytes) -> dict[str, float]:
    """Run `Detector.predict` and time its steps.

    Args:
        detector: A detector that finds faces (not one made with `whole`).
        data: The encoded picture.

    Returns:
        Seconds per step of `STAGES`. `crop` includes decoding once more if the face needs more
        pixels than finding it did, and reading what the file says of its origin; `model` is 0 if
        there is no face to score.

    Raises:
        ImageError: The picture cannot be read.
    """
    assert detector.finder is not None
    watched = copy(detector)
    watched.finder = finder = cast("Any", _Timed(detector.finder))
    watched.classifier = model = cast("Any", _Timed(detector.classifier))
    start = time.perf_counter()
    watched.predict(data)
    end = time.perf_counter()
    times = (start, finder.started, finder.ended, model.started, model.ended, end)
    steps = [after - before for before, after in pairwise(times)]
    return dict(zip(STAGES, (*steps, end - start), strict=True))


def throughput(detector: Detector, data: bytes, seconds: float, batch_size: int) -> float:
    """Measure the pictures per second of `Detector.predict_batch` on one picture."""
    start = time.perf_counter()
    stop = start + seconds

    def sources() -> Any:
        while time.perf_counter() < stop:
            yield data

    count = sum(1 for _ in detector.predict_batch(sources(), batch_size=batch_size))
    return count / (time.perf_counter() - start)


_COLD = """
import json, sys, time
start = time.perf_counter()
from fakeface import Detector
imported = time.perf_counter()
model, provider, threads, picture = json.loads(sys.argv[1])
detector = Detector(model, provider, threads)
loaded = time.perf_counter()
detector.predict(picture)
scored = time.perf_counter()
from fakeface.diagnostics._environment import peak_memory
print(json.dumps([imported - start, loaded - imported, scored - loaded, peak_memory()]))
"""


def cold_start(
    model: str | None, provider: str, threads: int | None, picture: Path, repeats: int = 5
) -> dict[str, Any]:
    """Measure the first verdict of a new process.

    Args:
        model: Name or path of the model; None for the default.
        provider: Execution provider.
        threads: Threads of the model.
        picture: A picture with a face.
        repeats: Number of processes to start.

    Returns:
        Medians in milliseconds: `python` (start and end of the interpreter), `import`, `load`
        (the models), `first` (verdict), `whole`; and `peak_rss_mb`, the peak memory of such a
        process, None if the system does not report it.

    Raises:
        FakefaceError: The process failed.
    """
    argument = json.dumps([model, provider, threads, str(picture)])
    root = str(Path(__file__).parent.parent.parent)
    paths = [root, os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
    rows, memory = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _COLD, argument], capture_output=True, text=True, env=env
        )
        whole = time.perf_counter() - start
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise FakefaceError(f"a new process could not classify {picture}: {lines[-1]}")
        *steps, peak = json.loads(done.stdout)
        rows.append([whole - sum(steps), *steps, whole])
        memory.append(peak)
    medians = np.median(np.array(rows), axis=0) * 1e3
    names = ("python", "import", "load", "first", "whole")
    return {
        **{name: round(float(m), 1) for name, m in zip(names, medians, strict=True)},
        "peak_rss_mb": None if None in memory else round(float(np.median(memory)), 1),
        "repeats": repeats,
    }


def bench(
    model: str | os.PathLike[str] | None = None,
    provider: str = "auto",
    threads: int | None = None,
    batch_size: int | None = None,
    picture: Path = PORTRAIT,
    seconds: float = 5.0,
) -> dict[str, Any]:
    """Measure latency, throughput and cold start of one model on this machine.

    Args:
        model: Name or path of the model; None for the default.
        provider: Execution provider.
        threads: Threads of the model; None for one per processor.
        batch_size: Batch size to measure besides 1, also used for the throughput; None for the
            one that scans use.
        picture: A picture with a face.
        seconds: How long to measure the steps; the throughput takes half as long again.

    Returns:
        Plain values, ready for JSON: environment, model, picture, timings per step, of the model
        alone, throughput, cold start.

    Raises:
        FakefaceError: The model, the provider or the picture is not usable, or there is no face.
        OSError: The picture cannot be read.
    """
    before = environment()
    data = picture.read_bytes()
    detector = Detector(model, provider, threads)
    classifier = detector.classifier
    preprocessed = preprocess(data, detector.finder, classifier.crop, detector.min_face)
    if not len(preprocessed.crops):
        raise FakefaceError(
            f"{picture}: has no face large enough to score, so there is nothing to measure"
        )
    batch_size = classifier.batch_size if batch_size is None else batch_size
    crops = {n: np.repeat(preprocessed.crops[:1], n, axis=0) for n in sorted({1, batch_size})}
    variants: dict[str, Variant] = {"steps": lambda: trace(detector, data)}
    for n, faces in crops.items():
        variants[f"{n}"] = timed(lambda faces=faces: classifier.predict(faces), "model")  # type: ignore[misc]
    timings = interleaved(variants, seconds)
    info = detector.info
    named = None if model is None else str(model)
    return {
        "environment": before,
        "model": {
            "name": info.name,
            "version": info.version,
            "sha256": info.sha256,
            "megabytes": round(info.onnx.stat().st_size / 1e6, 2),
            "provider": classifier.session.get_providers()[0],
            "threads": threads or before["cpu"]["processors"],
        },
        "picture": {
            "name": picture.name,
            "size": list(preprocessed.size),
            "bytes": len(data),
            "faces": len(preprocessed.crops),
        },
        "steps": {step: timings["steps"][step].as_dict() for step in STAGES},
        "model_alone": {str(n): timings[str(n)]["model"].as_dict() for n in crops},
        "pictures_per_second": round(throughput(detector, data, seconds / 2, batch_size), 1),
        "cold_start": cold_start(named, provider, threads, picture),
    }
