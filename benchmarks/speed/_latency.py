"""Latency of a verdict by step, picture size, threads, batch and model.

Built on `fakeface.diagnostics._bench`, the measuring code that is in the wheel. All variants of all
models are measured in turns in one run, so that their ratios hold on a machine that has other work.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageFile

from benchmarks._models import check_distinct_names
from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import provenance
from benchmarks.speed._footprint import commands, installed
from fakeface import Detector, ModelInfo
from fakeface.diagnostics import (
    PORTRAIT,
    STAGES,
    Variant,
    cold_start,
    environment,
    interleaved,
    timed,
    trace,
)
from fakeface.inference import Classifier
from fakeface.model_directory import find_model
from fakeface.preprocessing import preprocess

SIZES: dict[str, tuple[int, int]] = {
    "256 px": (256, 256),
    "1024 px": (1024, 1024),
    "12 Mpx": (4000, 3000),
}
"""Width and height of the pictures that are measured, by name."""

SPENT = ("onnxruntime", "pillow", "python")
"""Where the time of a verdict goes: `onnxruntime` is `InferenceSession.run`, `pillow` opening,
decoding and resizing, and `python` all else, which is our overhead: the interpreter, numpy, copying
pixels out of Pillow, and the digest of the file."""


def pictures(portrait: Path = PORTRAIT) -> dict[str, bytes]:
    """Encode one portrait at all `SIZES` as JPEG, quality 90; its face fills the same part."""
    out = {}
    with Image.open(portrait) as opened:
        image = opened.convert("RGB")
    for name, (width, height) in SIZES.items():
        side = min(width, height)
        canvas = Image.new("RGB", (width, height), (90, 90, 90))
        resized = image.resize((side, side), Image.Resampling.BICUBIC)
        canvas.paste(resized, ((width - side) // 2, 0))
        file = io.BytesIO()
        canvas.save(file, "JPEG", quality=90)
        out[name] = file.getvalue()
    return out


def what_was_measured(info: ModelInfo, size: str, data: bytes) -> dict[str, Any]:
    """Return the entries of a result that name the model and the picture, ready for JSON.

    Args:
        info: The model.
        size: Which of `SIZES` the picture has.
        data: The encoded picture.

    Returns:
        `model` and `picture`.
    """
    return {
        "model": {"name": info.name, "version": info.version, "sha256": info.sha256},
        "picture": {"name": size, "bytes": len(data)},
    }


def latency(
    models: Sequence[str],
    threads: Sequence[int] = (1, 2),
    batches: Sequence[int] = (1, 8),
    seconds: float = 60.0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure models side by side.

    Args:
        models: Names or directories of models.
        threads: Numbers of threads to measure the models with.
        batches: Batch sizes to measure the models with.
        seconds: Seconds to measure the steps, and again the models alone.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, and per model its description,
        `steps`, `spent` and `overhead` per picture size (time in ONNX Runtime, in Pillow and in
        all else, and the fraction of the latter), `model_alone` per threads and batch, `cold_start`
        per number of threads, `commands` from start to end, `peak_rss_mb` of `fakeface predict`
        per picture size; and `installed`, the disk space with and without TensorFlow.

    Raises:
        FakefaceError: A model cannot run.
        ValueError: Two models have the same name.
    """
    before = environment()
    data = pictures()
    check_distinct_names(models)
    detectors = {model: Detector(model, "cpu", max(threads)) for model in models}
    steps: dict[str, Variant] = {}
    for model, detector in detectors.items():
        for size, encoded in data.items():
            steps[f"{model}\n{size}\nsteps"] = _traced(detector, encoded)
            steps[f"{model}\n{size}\nspent"] = time_spent(detector, encoded)
    walked = interleaved(steps, seconds, advance=hundredths(begin("steps", 100)))

    alone: dict[str, Variant] = {}
    for model, detector in detectors.items():
        crops = one_crop(detector, data["1024 px"])
        for count in threads:
            classifier = Classifier(find_model(Path(model)), "cpu", count)
            for batch in batches:
                faces = np.repeat(crops, batch, axis=0)
                alone[f"{model}\n{count}\n{batch}"] = timed(_predicting(classifier, faces))
    ran = interleaved(alone, seconds, advance=hundredths(begin("models alone", 100)))

    results: dict[str, Any] = {}
    advance = begin("cold starts", len(models) * (len(threads) + len(data)))
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "portrait.jpg"
        picture.write_bytes(data["1024 px"])
        for model, detector in detectors.items():
            info = detector.info
            cold = {}
            for count in threads:
                cold[str(count)] = cold_start(model, "cpu", count, picture)
                advance(1)
            peak = {}
            for size, encoded in data.items():
                picture.with_name("any.jpg").write_bytes(encoded)
                repeats = 5 if size == "1024 px" else 1
                new = commands(model, picture.with_name("any.jpg"), repeats)
                peak[size] = new["fakeface predict FILE"]["peak_rss_mb"]
                if size == "1024 px":
                    started = new
                advance(1)
            walks = {size: walked[f"{model}\n{size}\nsteps"] for size in data}
            spent = {size: walked[f"{model}\n{size}\nspent"] for size in data}
            results[info.name] = {
                "version": info.version,
                "sha256": info.sha256,
                "megabytes": round(info.onnx.stat().st_size / 1e6, 2),
                "threads": max(threads),
                "steps": {
                    size: {step: walk[step].as_dict() for step in STAGES}
                    for size, walk in walks.items()
                },
                "spent": {
                    size: {where: parts[where].as_dict() for where in SPENT}
                    for size, parts in spent.items()
                },
                "overhead": {
                    size: round(parts["python"].p50 / sum(parts[w].p50 for w in SPENT), 4)
                    for size, parts in spent.items()
                },
                "model_alone": {
                    str(count): {
                        str(batch): ran[f"{model}\n{count}\n{batch}"]["whole"].as_dict()
                        for batch in batches
                    }
                    for count in threads
                },
                "cold_start": cold,
                "commands": started,
                "peak_rss_mb": peak,
            }
    return {
        "benchmark": "latency",
        **provenance(before),
        "pictures": {name: {"bytes": len(encoded)} for name, encoded in data.items()},
        "installed": installed(),
        "models": results,
    }


def _traced(detector: Detector, data: bytes) -> Variant:
    return lambda: trace(detector, data)


def time_spent(
    detector: Detector, data: bytes, clock: Callable[[], float] = time.perf_counter
) -> Variant:
    """Time a verdict, and in it all calls of ONNX Runtime and of Pillow's decoder and resize.

    Args:
        detector: The detector.
        data: The encoded picture.
        clock: Returns seconds.

    Returns:
        A variant with the parts `SPENT`.
    """
    took: dict[str, float] = {}
    inside = False

    def clocked(where: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal inside
            if inside:  # Pillow's resize loads; the outer call counts
                return function(*args, **options)
            inside, start = True, clock()
            try:
                return function(*args, **options)
            finally:
                inside = False
                took[where] += clock() - start

        return call

    calls = (
        (ort.InferenceSession, "run", "onnxruntime"),
        (ImageFile.ImageFile, "load", "pillow"),
        (Image.Image, "resize", "pillow"),
        (Image, "open", "pillow"),
    )

    def run() -> dict[str, float]:
        took.update(dict.fromkeys(SPENT, 0.0))
        with ExitStack() as stack:
            for owner, name, where in calls:
                changed = clocked(where, getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, changed))
            start = clock()
            detector.predict(data)
            whole = clock() - start
        return {**took, "python": whole - took["onnxruntime"] - took["pillow"]}

    return run


def _predicting(classifier: Classifier, faces: np.ndarray[Any, Any]) -> Callable[[], object]:
    return lambda: classifier.predict(faces)


def one_crop(detector: Detector, data: bytes) -> np.ndarray[Any, Any]:
    """Crop the largest face in a picture as the model sees it: uint8, shape (1, size, size, 3)."""
    preprocessed = preprocess(data, detector.finder, detector.classifier.crop, detector.min_face)
    return preprocessed.crops[:1]
