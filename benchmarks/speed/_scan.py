"""Scans: throughput, memory over very many files, cost of resuming.

The throughput is compared with that of its two stages, each alone on the same machine; all are
measured in turns.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._markdown import table
from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import machine_line, provenance
from benchmarks.speed._latency import pictures
from benchmarks.speed._scan_memory import in_new_process, memory_over_files
from fakeface import Detector, Prediction, Verdict
from fakeface.diagnostics import Variant, environment, interleaved, peak_memory
from fakeface.files import walk
from fakeface.inference import default_threads
from fakeface.preprocessing import preprocess
from fakeface.reports import PreviousScan, open_report

SETS = ("256 px", "1024 px")
"""Pictures of `benchmarks.speed._latency.pictures` that are scanned where no folder is given."""

COPIES = 100
"""Files of each set."""


def measure_scan(
    model: str,
    folder: Path | None = None,
    files: int = 20_000,
    names: int = 200_000,
    seconds: float = 60.0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure scanning.

    Args:
        model: Name or directory of a model.
        folder: Pictures to scan for the throughput; None for portraits of two sizes.
        files: Tiny pictures to scan while memory is measured.
        names: Files to list while memory is measured.
        seconds: Seconds to measure the throughput of each set of pictures.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, `throughput` per set, `memory`
        (peaks in MB over files, of the scan and of listing files alone), `resume`.

    Raises:
        FakefaceError: The model cannot run.
        ValueError: There are no pictures with faces in `folder`.
    """
    before = environment()
    detector = Detector(model, "cpu")
    result: dict[str, Any] = {
        "benchmark": "scan",
        **provenance(before),
        "model": {"name": detector.model, "sha256": detector.info.sha256},
        "throughput": {},
    }
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        sets = {str(folder): folder} if folder is not None else _portraits(root)
        for name, where in sets.items():
            advance = begin(f"scanning {name}", 100)
            result["throughput"][name] = _throughput(detector, where, seconds, advance)
        result["resume"] = _resume(detector, next(iter(sets.values())), root, names)
        result["memory"] = memory_over_files(model, root, files, names, begin)
    return result


def _portraits(root: Path) -> dict[str, Path]:
    data = pictures()
    sets = {}
    for name in SETS:
        sets[name] = root / name
        sets[name].mkdir()
        for number in range(COPIES):
            (sets[name] / f"{number:04}.jpg").write_bytes(data[name])
    return sets


def _throughput(
    detector: Detector, folder: Path, seconds: float, advance: Callable[[int], None]
) -> dict[str, Any]:
    """Time the scan in turns with its two stages, each alone with all processors."""
    paths = [str(path) for path in walk([folder])]
    workers = default_threads()
    classifier = detector.classifier
    crop = partial(
        preprocess, finder=detector.finder, spec=classifier.crop, min_face=detector.min_face
    )
    preprocessed = [p for p in map(_quiet(crop), paths) if p is not None]
    faces = np.concatenate([p.crops for p in preprocessed] or [np.empty(0)])
    if not len(faces):
        raise ValueError(f"{folder}: no picture with a face large enough")

    def prepare_alone() -> None:
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(_quiet(crop), paths):
                pass

    def model_alone() -> None:
        for start in range(0, len(faces), classifier.batch_size):
            classifier.predict(faces[start : start + classifier.batch_size])

    def scan() -> None:
        for _ in detector.predict_batch(paths):
            pass

    timings = interleaved(
        {
            "prepare": _clocked(prepare_alone),
            "model": _clocked(model_alone),
            "scan": _clocked(scan),
        },
        seconds,
        advance=hundredths(advance),
    )
    wall = {name: parts["wall"].p50 / 1e3 for name, parts in timings.items()}
    spent = {name: parts["cpu"].p50 / 1e3 for name, parts in timings.items()}
    bound = wall["prepare"] + wall["model"]
    count = len(paths)
    return {
        "pictures": count,
        "faces": len(faces),
        "rounds": timings["scan"]["wall"].n,
        "workers": workers,
        "batch_size": classifier.batch_size,
        "per_second": {
            "scan": count / wall["scan"],
            "bound": count / bound,
            "prepare_alone": count / wall["prepare"],
            "model_alone": count / wall["model"],
        },
        "share_of_bound": bound / wall["scan"],
        "share_of_slowest_stage": max(wall["prepare"], wall["model"]) / wall["scan"],
        "share_of_cpu": (spent["prepare"] + spent["model"]) / spent["scan"],
        "cpu_ms_per_picture": {name: 1e3 * value / count for name, value in spent.items()},
    }


def _quiet(prepare: Callable[[str], Any]) -> Callable[[str], Any]:
    from fakeface import ImageError

    def attempt(path: str) -> Any:
        try:
            return prepare(path)
        except ImageError:
            return None

    return attempt


def _clocked(call: Callable[[], None]) -> Variant:
    def run() -> dict[str, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    return run


def _resume(detector: Detector, folder: Path, root: Path, records: int) -> dict[str, Any]:
    """Time a resumed scan with nothing left to do, and reading many records."""
    paths = [str(path) for path in walk([folder])]
    report = root / "results.jsonl"
    start = time.perf_counter()
    with open_report("jsonl", report) as out:
        for prediction in detector.predict_batch(paths):
            out.write(prediction)
    scanned = time.perf_counter() - start
    start = time.perf_counter()
    earlier = PreviousScan(report, detector.settings)
    for _ in earlier.remaining(paths):
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
    seconds, megabytes = in_new_process(_index, report, detector.settings)
    report.unlink()
    return {
        "pictures": len(paths),
        "scanned_per_second": len(paths) / scanned,
        "skipped_per_second": len(paths) / resumed,
        "share_of_scan": resumed / scanned,
        "records": records,
        "records_read_in_s": seconds,
        "records_mb": megabytes,
    }


def _index(report: Path, settings: str) -> tuple[float, float]:
    before, start = peak_memory() or 0.0, time.perf_counter()
    PreviousScan(report, settings)
    return time.perf_counter() - start, (peak_memory() or 0.0) - before


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
        "## Peak memory over files, MB\n",
        *(
            table(
                [what.replace("_", " "), *(f"{files:,}" for files, _ in seen)],
                [["peak", *(f"{megabytes:.0f}" for _, megabytes in seen)]],
            )
            for what, seen in result["memory"].items()
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
