"""Workers as threads and as processes, measured on the cores there are and projected to more.

Three ways to classify many pictures are measured, each in processes of its own:

- `one run`: one process; threads decode, and one run of the model after the other takes all cores;
- `threads`: one process; each thread decodes and scores, and a run of the model takes one core;
- `processes`: as many processes, each with one thread of either kind.

Other programs change the pictures per second that a machine reaches, but hardly the CPU time that a
picture takes. The projection rests on the latter.
"""

from __future__ import annotations

import math
import multiprocessing
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import provenance
from benchmarks.speed._latency import SPENT, pictures, time_spent, what_was_measured
from benchmarks.speed._projection import WAYS, project
from fakeface import Detector
from fakeface.diagnostics import Variant, environment, interleaved
from fakeface.preprocessing import preprocess

PICTURES = 24
"""Pictures that a worker classifies each time."""


Parts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Group:
    """The processes of one way with so many workers, waiting for orders."""

    processes: list[Any]
    pipes: list[Connection]

    @classmethod
    def start(cls, way: str, workers: int, model: str, data: bytes) -> _Group:
        context = multiprocessing.get_context("spawn")
        processes, pipes = [], []
        for _ in range(workers if way == "processes" else 1):
            ours, theirs = context.Pipe()
            threads = 1 if way == "processes" else workers
            arguments = (theirs, model, data, threads, workers if way == "one run" else 1)
            process = context.Process(target=_classify_on_order, args=arguments, daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
            pipes.append(ours)
        group = cls(processes, pipes)
        group.order(2)  # warm up
        return group

    def order(self, count: int) -> tuple[float, float, float | None]:
        """Classify `count` pictures per process.

        Returns:
            Seconds, CPU seconds of all processes, and MB of memory that they share with no other.
        """
        start = time.perf_counter()
        for pipe in self.pipes:
            pipe.send(count)
        done = [pipe.recv() for pipe in self.pipes]
        wall = time.perf_counter() - start
        memory = [mb for _, mb in done if mb is not None]
        return wall, sum(cpu for cpu, _ in done), sum(memory) if memory else None

    def stop(self) -> None:
        for pipe in self.pipes:
            pipe.close()  # the process sees the end of its orders
        for process in self.processes:
            process.join()


def _classify_on_order(
    orders: Connection, model: str, data: bytes, workers: int, threads: int
) -> None:
    detector = Detector(model, "cpu", threads)
    while True:
        try:
            count = orders.recv()
        except EOFError:
            return
        start = time.process_time()
        for _ in detector.predict_batch([data] * count, batch_size=1, workers=workers):
            pass
        orders.send((time.process_time() - start, _private_memory()))


def _private_memory() -> float | None:
    """Return the MB that only this process uses; None where the system does not say."""
    try:
        text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    kilobytes = sum(int(kb) for kb in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.MULTILINE))
    return round(kilobytes / 1024, 1)


def many_cores(
    model: str,
    size: str = "1024 px",
    workers: Sequence[int] = (1, 2),
    seconds: float = 120.0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure workers as threads and as processes, and project them to more cores.

    Args:
        model: Name or directory of a model.
        size: Which of `benchmarks.speed._latency.SIZES` the pictures have.
        workers: Numbers of workers, the largest at least 2.
        seconds: Seconds to measure for, in total.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, model, `cells` per way and number of
        workers, `parts` that the projection rests on, and `projected` per way and number of cores.

    Raises:
        FakefaceError: The model cannot run.
        ValueError: The largest number of workers is 1.
    """
    most = max(workers)
    if most < 2:
        raise ValueError("nothing can be projected from one worker: give --workers 2 too")
    before = environment()
    data = pictures()[size]
    detector = Detector(model, "cpu", 1)
    groups = {
        (way, number): _Group.start(way, number, model, data) for way in WAYS for number in workers
    }
    memory: dict[tuple[str, int], float | None] = {}

    def measured(way: str, number: int) -> Variant:
        def run() -> Parts:
            each = PICTURES if way == "processes" else PICTURES * number
            wall, cpu, memory[way, number] = groups[way, number].order(each)
            return {"wall": wall / (PICTURES * number), "cpu": cpu / (PICTURES * number)}

        return run

    try:
        variants = {f"{way} {number}": measured(way, number) for way, number in groups}
        variants["spent"] = time_spent(detector, data, time.thread_time)
        variants["model"] = _model_alone(detector, Detector(model, "cpu", most), data)
        best = _best(variants, seconds, hundredths(begin("many cores", 100)))
    finally:
        for group in groups.values():
            group.stop()
    cells = [
        {
            "way": way,
            "workers": number,
            "cpu_ms": round(best[f"{way} {number}"]["cpu"], 3),
            "per_second": round(1e3 / best[f"{way} {number}"]["wall"], 2),
            "private_mb": memory[way, number],
        }
        for way, number in groups
    ]
    parts = {name: round(best["spent"][name], 3) for name in SPENT}
    parts["model_on_one_core"] = round(best["model"]["one"], 3)
    parts["model_on_all_cores"] = round(best["model"]["many"], 3)
    return {
        "benchmark": "many-cores",
        **provenance(before),
        **what_was_measured(detector.info, size, data),
        "cells": cells,
        "parts": parts,
        "projected": project(cells, parts),
    }


def _model_alone(one: Detector, many: Detector, data: bytes) -> Variant:
    """Time a run of the model on one core and on several."""
    crops = preprocess(data, one.finder, one.classifier.crop, one.min_face).crops

    def run() -> dict[str, float]:
        took = {}
        for name, detector in (("one", one), ("many", many)):
            start = time.perf_counter()
            detector.classifier.predict(crops)
            took[name] = time.perf_counter() - start
        return took

    return run


def _best(
    variants: dict[str, Variant], seconds: float, advance: Callable[[float], None]
) -> dict[str, dict[str, float]]:
    """Run variants in turns; return the least seconds of every part, in ms."""
    best: dict[str, dict[str, float]] = {name: {} for name in variants}

    def kept(name: str) -> Variant:
        def run() -> Parts:
            parts = variants[name]()
            for part, took in parts.items():
                best[name][part] = min(1e3 * took, best[name].get(part, math.inf))
            return parts

        return run

    interleaved({name: kept(name) for name in variants}, seconds, least=3, advance=advance)
    return best
