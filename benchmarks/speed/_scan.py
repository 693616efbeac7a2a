"""Scans: throughput, memory over very many files, cost of resuming.

The throughput is compared with that of its two stages, each alone on the same machine; all are
measured in turns.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import table
from benchmarks._provenance import machine_line, provenance
from benchmarks._turns import in_turns
from benchmarks.speed._pictures import picture_sets, tiny_picture
from fakeface import Detector, ImageError, Prediction, Verdict
from fakeface.diagnostics import Variant, environment, peak_memory
from fakeface.inference import default_threads
from fakeface.preprocessing import preprocess
from fakeface.reports import PreviousScan, open_report

COPIES = 100
"""Files of each set of portraits."""

CHECKPOINTS = (0.05, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the files after which memory is measured."""

_LINKS = 30_000
"""Names that one file may have; file systems allow some 65,000."""


def measure_scan(
    model: str, folder: Path | None, files: int, records: int, seconds: float
) -> dict[str, Any]:
    """Measure scanning.

    Args:
        model: Name or directory of a model.
        folder: Pictures to scan for the throughput; None for portraits of two sizes.
        files: Tiny pictures to scan while memory is measured.
        records: Records of an earlier scan to resume from.
        seconds: Seconds to measure the throughput of each set of pictures.

    Returns:
        Plain values, ready for JSON: provenance, environment, `throughput` per set, `memory`
        (peaks in MB over files), `resume`.

    Raises:
        FakefaceError: The model cannot run.
        ValueError: There are no pictures with faces in `folder`.
    """
    before = environment()
    detector = Detector(model, "cpu")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        sets = picture_sets(folder, root, COPIES)
        throughput = {name: _throughput(detector, sets[name], seconds, name) for name in sets}
        resume = _resume(detector, next(iter(sets.values())), root / "results.jsonl", records)
        _create_many(root / "many", files)
        memory = _in_new_process(_watch_scan, model, root / "many", files)
    return {
        "benchmark": "scan",
        **provenance(before),
        "model": {"name": detector.model, "sha256": detector.info.sha256},
        "throughput": throughput,
        "memory": memory,
        "resume": resume,
    }


def _throughput(
    detector: Detector, paths: Sequence[str], seconds: float, name: str
) -> dict[str, Any]:
    """Time the scan in turns with its two stages, each alone with all processors."""
    classifier = detector.classifier

    def prepare(path: str) -> np.ndarray[Any, Any]:
        try:
            return preprocess(path, detector.finder, classifier.crop, detector.min_face).crops
        except ImageError:
            return np.empty((0, classifier.crop.size, classifier.crop.size, 3), np.uint8)

    faces = np.concatenate([prepare(path) for path in paths])
    if not len(faces):
        raise ValueError(f"{name}: no picture with a face large enough")

    def prepare_alone() -> None:
        with ThreadPoolExecutor(default_threads()) as pool:
            for _ in pool.map(prepare, paths):
                pass

    def model_alone() -> None:
        for start in range(0, len(faces), classifier.batch_size):
            classifier.predict(faces[start : start + classifier.batch_size])

    def scan() -> None:
        for _ in detector.predict_batch(paths):
            pass

    stages = {"prepare": prepare_alone, "model": model_alone, "scan": scan}
    timings = in_turns({k: _clocked(v) for k, v in stages.items()}, seconds, f"scanning {name}")
    wall = {stage: parts["wall"].p50 / 1e3 for stage, parts in timings.items()}
    cpu = {stage: parts["cpu"].p50 / len(paths) for stage, parts in timings.items()}
    bound = wall["prepare"] + wall["model"]
    return {
        "pictures": len(paths),
        "per_second": {
            "scan": len(paths) / wall["scan"],
            "bound": len(paths) / bound,
            "prepare_alone": len(paths) / wall["prepare"],
            "model_alone": len(paths) / wall["model"],
        },
        "share_of_bound": bound / wall["scan"],
        "share_of_cpu": (cpu["prepare"] + cpu["model"]) / cpu["scan"],
        "cpu_ms_per_picture": cpu,
    }


def _clocked(call: Callable[[], None]) -> Variant:
    def run() -> dict[str, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    return run


def _resume(detector: Detector, paths: Sequence[str], report: Path, records: int) -> dict[str, Any]:
    """Time a resumed scan with nothing left to do, and reading many records."""
    start = time.perf_counter()
    with open_report("jsonl", report) as out:
        for prediction in detector.predict_batch(paths):
            out.write(prediction)
    scanned = time.perf_counter() - start
    start = time.perf_counter()
    for _ in PreviousScan(report, detector.settings).remaining(paths):
        pass  # broken pictures are tried again
    resumed = time.perf_counter() - start
    report.unlink()
    with open_report("jsonl", report) as out:
        for number in range(records):
            name = f"some/folder/of/photographs/{number:07}.jpg"
            digest = f"{number:032x}"
            record = Prediction(
                name, "m", Verdict.NO_FACE, size=(32, 32), digest=digest, settings=detector.settings
            )
            out.write(record)
    seconds, megabytes = _in_new_process(_read_records, report, detector.settings)
    return {
        "scanned_per_second": len(paths) / scanned,
        "skipped_per_second": len(paths) / resumed,
        "share_of_scan": resumed / scanned,
        "records": records,
        "records_read_in_s": seconds,
        "records_mb": megabytes,
    }


def _read_records(report: Path, settings: str) -> tuple[float, float]:
    before, start = peak_memory() or 0.0, time.perf_counter()
    PreviousScan(report, settings)
    return time.perf_counter() - start, (peak_memory() or 0.0) - before


def _create_many(folder: Path, count: int) -> None:
    """Create many hard links to one tiny picture."""
    folder.mkdir()
    original = folder
    for number in range(count):
        path = folder / f"{number:07}.jpg"
        if number % _LINKS == 0:
            path.write_bytes(tiny_picture())
            original = path
        else:
            os.link(original, path)


def _watch_scan(model: str, folder: Path, count: int) -> list[tuple[int, float]]:
    """Scan a folder; return the peak memory in MB after some of its files."""
    detector = Detector(model, "cpu", whole=True)
    at = {max(1, round(count * share)) for share in CHECKPOINTS}
    scanned = enumerate(detector.scan(folder), 1)
    return [(number, peak_memory() or 0.0) for number, _ in scanned if number in at]


def _in_new_process(function: Callable[..., Any], *words: Any) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, words)


def scan_markdown(result: dict[str, Any]) -> str:
    """Format the result as tables."""
    resume = result["resume"]
    parts = [
        "# Scanning\n",
        f"- command: `{result['command']}`",
        machine_line(result["environment"]),
        f"- model: {result['model']['name']}",
        "- the scan and its stages were measured in turns; on a busy machine trust ratios\n",
        "## Pictures per second\n",
        "The bound is the throughput of the two stages, each alone with all processors, one after"
        " the other: preprocessing, then the model. If other programs run at the same time, the"
        " share may exceed 100 %, since waiting for them slows a single stage more; the share of"
        " CPU time (stages in scan) does not depend on them.\n",
        table(
            ["pictures", "scan", "bound", "share", "share of CPU time", "prepare alone",
             "model alone", "CPU ms: prepare + model", "CPU ms: scan"],
            [_throughput_row(name, row) for name, row in result["throughput"].items()],
        ),
        "## Peak memory of a scan over files, MB\n",
        table(
            ["files", *(f"{files:,}" for files, _ in result["memory"])],
            [["peak", *(f"{megabytes:.0f}" for _, megabytes in result["memory"])]],
        ),
        "## Resuming a scan\n",
        table(
            ["what", "value"],
            [
                ["scanned, pictures per second", f"{resume['scanned_per_second']:.0f}"],
                ["skipped as unchanged, per second", f"{resume['skipped_per_second']:.0f}"],
                ["time of a resumed scan, share of the scan", f"{resume['share_of_scan']:.1%}"],
                [f"reading {resume['records']:,} records",
                 f"{resume['records_read_in_s']:.1f} s"],
                ["memory for them", f"{resume['records_mb']:.0f} MB"],
            ],
        ),
    ]  # fmt: skip
    return "\n".join(parts)


def _throughput_row(name: str, row: dict[str, Any]) -> Sequence[str]:
    rate, cpu = row["per_second"], row["cpu_ms_per_picture"]
    return (
        f"{row['pictures']} of {name}",
        f"{rate['scan']:.1f}",
        f"{rate['bound']:.1f}",
        f"{row['share_of_bound']:.0%}",
        f"{row['share_of_cpu']:.0%}",
        f"{rate['prepare_alone']:.1f}",
        f"{rate['model_alone']:.1f}",
        f"{cpu['prepare']:.1f} + {cpu['model']:.1f}",
        f"{cpu['scan']:.1f}",
    )
