"""Latency of a verdict by step, picture size, threads, batch and model.

Built on `fakeface.diagnostics`, the measuring code that is in the wheel. All variants of all models
are measured in turns in one run, so that their ratios hold on a machine that has other work.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import table
from benchmarks._models import check_distinct_names
from benchmarks._provenance import machine_line, provenance
from benchmarks._turns import in_turns
from benchmarks.speed._pictures import pictures
from fakeface import Detector
from fakeface.diagnostics import STAGES, Variant, cold_start, environment, timed, trace
from fakeface.inference import Classifier
from fakeface.model_directory import find_model
from fakeface.preprocessing import preprocess
from train.command_line import progress


def measure_latency(
    models: Sequence[str],
    threads: Sequence[int] = (1, 2),
    batches: Sequence[int] = (1, 8),
    seconds: float = 60.0,
) -> dict[str, Any]:
    """Measure models side by side.

    Args:
        models: Names or directories of models.
        threads: Numbers of threads to measure the models with.
        batches: Batch sizes to measure the models with.
        seconds: Seconds to measure the steps, and again the models alone.

    Returns:
        Plain values, ready for JSON: provenance, environment, and per model its description,
        `steps` per picture size, `model_alone` per threads and batch, and `cold_start` per picture
        size, with the peak memory of a new process.

    Raises:
        FakefaceError: A model cannot run.
        ValueError: Two models have the same name.
    """
    before = environment()
    data = pictures()
    check_distinct_names(models)
    detectors = {model: Detector(model, "cpu", max(threads)) for model in models}
    steps: dict[str, Variant] = {
        f"{model}\n{size}": partial(trace, detector, encoded)
        for model, detector in detectors.items()
        for size, encoded in data.items()
    }
    walked = in_turns(steps, seconds, "steps")

    alone: dict[str, Variant] = {}
    for model, detector in detectors.items():
        spec = detector.classifier.crop
        face = preprocess(data["1024 px"], detector.finder, spec, detector.min_face).crops[:1]
        for count in threads:
            classifier = Classifier(find_model(model), "cpu", count)
            for batch in batches:
                faces = np.repeat(face, batch, axis=0)
                alone[f"{model}\n{count}\n{batch}"] = timed(partial(classifier.predict, faces))
    ran = in_turns(alone, seconds, "models alone")

    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "portrait.jpg"
        for model, detector in progress(detectors.items(), "cold starts", len(detectors)):
            cold = {}
            for size, encoded in data.items():
                picture.write_bytes(encoded)
                cold[size] = cold_start(model, "cpu", max(threads), picture)
            info = detector.info
            results[info.name] = {
                "version": info.version,
                "sha256": info.sha256,
                "megabytes": round(info.onnx.stat().st_size / 1e6, 2),
                "threads": max(threads),
                "steps": {
                    size: {step: walked[f"{model}\n{size}"][step].as_dict() for step in STAGES}
                    for size in data
                },
                "model_alone": {
                    str(count): {
                        str(batch): ran[f"{model}\n{count}\n{batch}"]["whole"].as_dict()
                        for batch in batches
                    }
                    for count in threads
                },
                "cold_start": cold,
            }
    return {"benchmark": "latency", **provenance(before), "models": results}


def latency_markdown(result: dict[str, Any]) -> str:
    """Format the result as tables."""
    machine = result["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    parts = [
        "# Latency\n",
        f"- command: `{result['command']}`",
        machine_line(machine),
        f"- versions: {versions}",
        "- variants were measured in turns; on a busy machine trust ratios, not milliseconds\n",
    ]
    for name, model in result["models"].items():
        steps, alone = model["steps"], model["model_alone"]
        parts += [
            f"## {name} {model['version']}, {model['megabytes']} MB\n",
            f"Milliseconds, p50 (p90, p99); threads of the model: {model['threads']}:\n",
            table(
                ["step", *steps],
                [[step, *(_timing(of[step]) for of in steps.values())] for step in STAGES],
            ),
            "The model alone, milliseconds of a batch, p50 (p90, p99):\n",
            table(
                ["threads", *(f"batch {batch}" for batch in next(iter(alone.values())))],
                [[threads, *map(_timing, of.values())] for threads, of in alone.items()],
            ),
            "The first verdict of a new process, medians in milliseconds:\n",
            table(
                ["picture", "Python", "imports", "models", "verdict", "whole", "peak memory, MB"],
                [
                    [
                        size,
                        *(f"{cold[k]:.0f}" for k in ("python", "import", "load", "first", "whole")),
                        str(cold["peak_rss_mb"] or "–"),
                    ]
                    for size, cold in model["cold_start"].items()
                ],
            ),
        ]
    return "\n".join(parts)


def _timing(timing: dict[str, float]) -> str:
    return f"{timing['p50']:.2f} ({timing['p90']:.2f}, {timing['p99']:.2f})"
