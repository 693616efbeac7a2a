"""Throughput in pictures per second over threads and batch, and its share of the bound.

The bound is what cannot be saved: Pillow decoding the file, and the runs of the networks on the
very inputs that fakeface gives them. Each is repeated alone, in turns with the library.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageFile

from benchmarks._markdown import table
from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import machine_line, provenance
from benchmarks.speed._latency import pictures, what_was_measured
from fakeface import Detector
from fakeface.diagnostics import Variant, environment, interleaved, timed

PARTS = ("decode", "faces", "model")
"""Parts of the bound."""


@dataclass(frozen=True, slots=True)
class Work:
    """Calls of Pillow and of ONNX Runtime that one verdict makes.

    Attributes:
        decodes: Width and height of each time that the picture was decoded.
        runs: Runs of the networks that find faces: session, outputs, inputs.
        crop: Input of the model, uint8, shape (1, size, size, 3).
        outputs: Outputs requested of the model.
    """

    decodes: tuple[tuple[int, int], ...]
    runs: tuple[tuple[ort.InferenceSession, Any, Any], ...]
    crop: np.ndarray[Any, Any]
    outputs: Any


def record_work(detector: Detector, data: bytes) -> Work:
    """Record the calls that one verdict makes.

    Args:
        detector: The detector.
        data: The encoded picture, with one face.

    Returns:
        The calls.

    Raises:
        ValueError: There is not exactly one face in it.
    """
    decodes: list[tuple[int, int]] = []
    runs: list[tuple[ort.InferenceSession, Any, Any]] = []
    decode, run = ImageFile.ImageFile.load, ort.InferenceSession.run

    def watched_load(image: ImageFile.ImageFile) -> Any:
        if image.tile:  # else it has been decoded
            decodes.append(image.size)
        return decode(image)

    def watched_run(session: ort.InferenceSession, outputs: Any, inputs: Any) -> Any:
        runs.append((session, outputs, {name: value.copy() for name, value in inputs.items()}))
        return run(session, outputs, inputs)

    with (
        mock.patch.object(ImageFile.ImageFile, "load", watched_load),
        mock.patch.object(ort.InferenceSession, "run", watched_run),
    ):
        detector.predict(data)
    model = detector.classifier.session
    scored = [(outputs, inputs["image"]) for of, outputs, inputs in runs if of is model]
    if [len(crops) for _, crops in scored] != [1]:
        raise ValueError("throughput is measured on a picture with exactly one face")
    ((outputs, crop),) = scored
    rest = tuple(one for one in runs if one[0] is not model)
    return Work(tuple(decodes), rest, crop, outputs)


def throughput(
    model: str,
    size: str = "1024 px",
    threads: Sequence[int] = (1, 2),
    batches: Sequence[int] = (1, 2, 8, 32),
    seconds: float = 120.0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure throughput.

    Args:
        model: Name or directory of a model.
        size: Which of `benchmarks.speed._latency.SIZES` the pictures have.
        threads: Thread counts, of the model and of preprocessing.
        batches: Faces that the model sees at once.
        seconds: Seconds to measure for, in total.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, model, `cells` per number of threads
        and batch: `per_second` of the library and of the bound, `share_of_bound`, and
        `bound_ms` per picture and part.

    Raises:
        FakefaceError: The model cannot run.
    """
    before = environment()
    data = pictures()[size]
    count = 2 * max(batches)
    variants: dict[str, Variant] = {}
    info = None
    with ThreadPoolExecutor(max(threads)) as pool:
        for number in threads:
            detector = Detector(model, "cpu", number)
            info = detector.info
            work = record_work(detector, data)
            decoding, finding = _decoding(data, work), _finding(work)
            variants[f"{number} decode"] = _spread(decoding, count, number, pool)
            variants[f"{number} faces"] = _spread(finding, count, number, pool)
            for batch in batches:
                variants[f"{number} {batch} model"] = _predicting(detector, work, batch, count)
                variants[f"{number} {batch} all"] = _library(detector, data, batch, count, number)
        advance = hundredths(begin("throughput", 100))
        timings = interleaved(variants, seconds, least=3, advance=advance)
    assert info is not None
    ms = {name: parts["whole"].p50 / count for name, parts in timings.items()}
    cells = []
    for number, batch in itertools.product(threads, batches):
        bound = {
            "decode": ms[f"{number} decode"],
            "faces": ms[f"{number} faces"],
            "model": ms[f"{number} {batch} model"],
        }
        whole, least = ms[f"{number} {batch} all"], sum(bound.values())
        cells.append(
            {
                "threads": number,
                "batch": batch,
                "per_second": {
                    "fakeface": round(1e3 / whole, 2),
                    "bound": round(1e3 / least, 2),
                },
                "share_of_bound": round(least / whole, 4),
                "bound_ms": {part: round(took, 4) for part, took in bound.items()},
                "rounds": timings[f"{number} {batch} all"]["whole"].n,
            }
        )
    return {
        "benchmark": "throughput",
        **provenance(before),
        **what_was_measured(info, size, data),
        "pictures_per_round": count,
        "cells": cells,
    }


def _decoding(data: bytes, work: Work) -> Callable[[int], object]:
    def decode(_: int) -> None:
        for size in work.decodes:
            with Image.open(io.BytesIO(data)) as image:
                image.draft("RGB", size)
                image.load()

    return decode


def _finding(work: Work) -> Callable[[int], object]:
    def find(_: int) -> None:
        for session, outputs, inputs in work.runs:
            session.run(outputs, inputs)

    return find


def _spread(
    call: Callable[[int], object], count: int, threads: int, pool: ThreadPoolExecutor
) -> Variant:
    """Make a call for each of many pictures, split over threads."""

    def share(first: int) -> None:
        for number in range(first, count, threads):
            call(number)

    def everything() -> None:
        for _ in pool.map(share, range(threads)):
            pass

    return timed(everything)


def _predicting(detector: Detector, work: Work, batch: int, count: int) -> Variant:
    session = detector.classifier.session
    crops = np.repeat(work.crop, batch, axis=0)

    def everything() -> None:
        for start in range(0, count, batch):
            session.run(work.outputs, {"image": crops[: count - start]})

    return timed(everything)


def _library(detector: Detector, data: bytes, batch: int, count: int, threads: int) -> Variant:
    def everything() -> None:
        for _ in detector.predict_batch([data] * count, batch_size=batch, workers=threads):
            pass

    return timed(everything)


def throughput_markdown(result: dict[str, Any]) -> str:
    """Format the result as a table."""
    model = result["model"]
    parts = [
        "# Throughput\n",
        f"- command: `{result['command']}`",
        machine_line(result["environment"]),
        f"- model: {model['name']} {model['version']}, sha256 {model['sha256'][:16]}…",
        f"- pictures: JPEG of {result['picture']['name']}, one face each",
        "- all were measured in turns; on a busy machine trust ratios\n",
        "The bound is decoding by Pillow and the runs of the networks in ONNX Runtime, each"
        " repeated alone on the same inputs with as many threads, one after the other. If stages"
        " overlap, the share can exceed 100 %.\n",
        table(
            [
                "threads, batch",
                "pictures a second",
                "bound",
                "share of the bound",
                *(f"{part}, ms a picture" for part in PARTS),
            ],
            [
                [
                    f"{cell['threads']}, {cell['batch']}",
                    f"{cell['per_second']['fakeface']:.1f}",
                    f"{cell['per_second']['bound']:.1f}",
                    f"{cell['share_of_bound']:.0%}",
                    *(f"{cell['bound_ms'][part]:.2f}" for part in PARTS),
                ]
                for cell in result["cells"]
            ],
        ),
    ]
    return "\n".join(parts)


def plot_throughput(result: dict[str, Any], path: Path) -> None:
    """Plot pictures per second over batch size, one line per thread count; dashed is the bound.

    Args:
        result: The result.
        path: The PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from benchmarks._plots import COLOURS

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for number, threads in enumerate(dict.fromkeys(cell["threads"] for cell in result["cells"])):
        mine = [cell for cell in result["cells"] if cell["threads"] == threads]
        batches = [str(cell["batch"]) for cell in mine]
        for what, style in (("fakeface", "o-"), ("bound", "--")):
            ax.plot(
                batches,
                [cell["per_second"][what] for cell in mine],
                style,
                color=COLOURS[number % len(COLOURS)],
                label=f"{what}, {threads} thread{'' if threads == 1 else 's'}",
            )
    ax.set_ylim(bottom=0)
    ax.set(xlabel="batch", ylabel="pictures a second", title=f"JPEG of {result['picture']['name']}")
    ax.legend(fontsize=8)
    figure.savefig(path, dpi=120)
