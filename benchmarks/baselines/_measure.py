"""Measures baselines: accuracy of each on the same pictures, then speed, all in turns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._progress import Begin, hundredths, no_progress
from benchmarks._provenance import provenance
from benchmarks.accuracy._degradations import CLEAN, DEGRADATIONS, Degradation
from benchmarks.accuracy._metrics import measure, resamples
from benchmarks.accuracy._store import pixel_path
from benchmarks.baselines._baseline import Baseline, BaselineError, Process
from benchmarks.speed._latency import pictures
from fakeface import ImageError, Thresholds
from fakeface.diagnostics import Timing, Variant, environment, interleaved
from train.data import AppendOnlyCache, Cache, Data, Sample

PICTURE = "1024 px"
"""Which of `benchmarks.speed._latency.pictures` verdicts are timed on."""

ACCURACY_DEGRADATIONS = ("clean", "web", "hard")

PAUSE = 0.005
"""Seconds between turns, so that the threads of the previous baseline go to sleep."""

_CHUNK = 25


@dataclass(slots=True)
class _Row:
    """Results of one baseline so far."""

    baseline: Baseline
    about: dict[str, Any] | None = None
    failed: str = ""
    accuracy: dict[str, Any] = field(default_factory=dict)
    speed: dict[str, Any] = field(default_factory=dict)


def compare(
    baselines: Sequence[Baseline],
    data: Data | None,
    cache: Cache,
    threads: Sequence[int] = (1, 2),
    count: int = 300,
    seconds: float = 300.0,
    seed: int = 0,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure baselines side by side.

    Args:
        baselines: The baselines; the first is the reference.
        data: Pictures with a split `test` for the accuracy; None to measure only speed.
        cache: Where scores are kept: an interrupted run scores no picture twice.
        threads: Numbers of threads to measure with.
        count: Pictures of the sample, half of them of each class where there are as many.
        seconds: How long to measure speed, all baselines together.
        seed: Seed of the sample and of the intervals.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, the sample, `baselines` with `speed`
        per number of threads (`network`, `verdict`, the same with `_cpu`, `peak_rss_mb`,
        `install_mb`, and p50s as multiples of the first baseline's), `accuracy` per degradation,
        `failed` if one could not run.
    """
    before = environment()
    rows = [_Row(baseline, failed=baseline.unavailable) for baseline in baselines]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        picture = folder / "portrait.jpg"
        picture.write_bytes(pictures()[PICTURE])
        samples = [] if data is None else draw_sample(data.split("test"), count, seed)
        if samples:
            _score_all(rows, samples, picture, folder, cache, seed, max(threads), begin)
        _time_all(rows, threads, picture, seconds, begin)
    return {
        "benchmark": "baselines",
        **provenance(before),
        "picture": PICTURE,
        "threads": list(threads),
        "reference": baselines[0].name,
        "sample": {
            "seed": seed,
            "AI": sum(sample.label == 0 for sample in samples),
            "Real": sum(sample.label == 1 for sample in samples),
            "data": None if data is None else data.fingerprint(),
        },
        "degradations": {name: DEGRADATIONS[name].description for name in ACCURACY_DEGRADATIONS},
        "baselines": [_as_dict(row, rows[0]) for row in rows],
    }


def draw_sample(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """Draw a random sample, half of each class where there are enough pictures.

    Args:
        samples: The pictures to draw from.
        count: How many at most.
        seed: Seed of the draw.

    Returns:
        The sample, in the order of `samples`.
    """
    random = np.random.default_rng(seed)
    kept: set[int] = set()
    for label in (0, 1):
        mine = [i for i, sample in enumerate(samples) if sample.label == label]
        kept.update(random.permutation(mine)[: (count + 1 - label) // 2].tolist())
    return [sample for i, sample in enumerate(samples) if i in kept]


def _score_all(
    rows: Sequence[_Row],
    samples: Sequence[Sample],
    picture: Path,
    folder: Path,
    cache: Cache,
    seed: int,
    threads: int,
    begin: Begin,
) -> None:
    """Score the sample under every degradation with every baseline."""
    running = [row for row in rows if not row.failed]
    advance = begin("accuracy", len(running) * len(ACCURACY_DEGRADATIONS) * len(samples))
    degraded = {
        name: _degrade(DEGRADATIONS[name], samples, folder) for name in ACCURACY_DEGRADATIONS
    }
    for row in running:
        process = None
        try:
            process = Process(row.baseline, threads, picture)
            row.about = process.about
            for name, paths in degraded.items():
                treatment = f"{name}-{pixel_path(DEGRADATIONS[name])[:16]}"
                key = f"{row.baseline.key(process.about)}-{treatment}"
                cached = cache.append_only(f"baselines/{key}")
                _score(process, samples, paths, cached, advance)
                row.accuracy[name] = _metrics(samples, cached, row.about["threshold"], seed)
        except BaselineError as error:
            row.failed = str(error)
        finally:
            if process is not None:
                process.close()


def _degrade(degradation: Degradation, samples: Sequence[Sample], folder: Path) -> list[Path]:
    """Write the degraded pictures; one that cannot be decoded is copied unchanged."""
    if degradation is CLEAN:
        return [sample.path for sample in samples]
    paths = []
    for number, sample in enumerate(samples):
        path = folder / f"{degradation.name}-{number:05}.jpg"
        data = sample.path.read_bytes()
        try:
            path.write_bytes(degradation.apply(data))
        except ImageError:
            path.write_bytes(data)
        paths.append(path)
    return paths


def _score(
    process: Process,
    samples: Sequence[Sample],
    paths: Sequence[Path],
    cached: AppendOnlyCache,
    advance: Callable[[int], None],
) -> None:
    todo = [
        (sample.digest, str(path.absolute()))
        for sample, path in zip(samples, paths, strict=True)
        if sample.digest not in cached.records
    ]
    advance(len(samples) - len(todo))
    for start in range(0, len(todo), _CHUNK):
        part = todo[start : start + _CHUNK]
        scores = process.ask("scores", paths=[path for _, path in part])
        cached.add((digest, score) for (digest, _), score in zip(part, scores, strict=True))
        advance(len(part))


def _metrics(
    samples: Sequence[Sample], cached: AppendOnlyCache, threshold: float | None, seed: int
) -> dict[str, Any]:
    records = [cached.records[sample.digest] for sample in samples]
    p_fake = np.array([np.nan if p is None else p for p, _ in records])
    readable = ~np.isnan(p_fake)
    if not readable.any():
        raise BaselineError("could read none of the pictures")
    is_ai = np.array([sample.label == 0 for sample in samples])
    half = 0.5 if threshold is None else threshold
    weights = resamples([f"{s.label} {s.origin}" for s in samples], 1000, seed)
    metrics = measure(
        is_ai[readable], p_fake[readable], Thresholds(half, half), weights[:, readable]
    )
    kept = ("auc", "flagged_ai", "flagged_real")
    return {
        **{name: metrics[name].as_list() for name in kept},
        "unreadable": int((~readable).sum()),
        "whole": sum(how == "whole" for _, how in records),
    }


def _time_all(
    rows: Sequence[_Row], threads: Sequence[int], picture: Path, seconds: float, begin: Begin
) -> None:
    """Time all baselines with all thread counts in turns."""
    advance = begin("starting baselines", len(rows) * len(threads))
    running: dict[str, tuple[_Row, int, Process]] = {}
    for row in rows:
        for count in threads:
            if not row.failed:
                try:
                    process = Process(row.baseline, count, picture)
                except BaselineError as error:
                    row.failed = str(error)
                else:
                    row.about = process.about
                    running[f"{row.baseline.name}\n{count}"] = (row, count, process)
            advance(1)
    try:
        variants = {name: _timed_turn(*entry, picture) for name, entry in running.items()}
        timings = interleaved(variants, seconds, advance=hundredths(begin("speed", 100)))
        for name, (row, count, process) in running.items():
            if not row.failed:
                row.speed[str(count)] = _speed(row, process, timings[name])
    finally:
        for _, _, process in running.values():
            process.close()


def _timed_turn(row: _Row, count: int, process: Process, picture: Path) -> Variant:  # noqa: ARG001
    def run() -> dict[str, float]:
        if row.failed:
            return {}
        time.sleep(PAUSE)
        try:
            seconds: dict[str, float] = process.ask("turn", path=str(picture))
        except BaselineError as error:
            row.failed = str(error)
            return {}
        return seconds

    return run


def _speed(row: _Row, process: Process, timings: dict[str, Timing]) -> dict[str, Any]:
    try:
        cost = process.ask("cost")
    except BaselineError as error:
        row.failed = str(error)
        return {}
    return {**{part: timing.as_dict() for part, timing in timings.items()}, **cost}


def _as_dict(row: _Row, reference: _Row) -> dict[str, Any]:
    speed = {}
    for count, timings in row.speed.items():
        base = reference.speed.get(count, {})
        ratios = {
            part: round(timings[part]["p50"] / base[part]["p50"], 3)
            for part in ("network", "verdict")
            if not row.failed and part in base
        }
        speed[count] = {**timings, "ratio": ratios}
    baseline, about = row.baseline, row.about or {}
    return {
        "name": baseline.name,
        "group": baseline.group,
        "network": baseline.network,
        "precision": about.get("precision"),
        "versions": about.get("versions", {}),
        "digest": baseline.digest,
        "failed": row.failed,
        "speed": {} if row.failed else speed,
        "accuracy": row.accuracy,
    }
