"""Measures baselines: accuracy of each on the same pictures, then speed, all in turns."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._provenance import provenance
from benchmarks._turns import in_turns
from benchmarks.accuracy._degradations import DEGRADATIONS, Degradation
from benchmarks.accuracy._metrics import intervals, resampled, resamples
from benchmarks.accuracy._store import pixel_path
from benchmarks.baselines._baseline import Baseline, BaselineError, Process
from benchmarks.speed._pictures import pictures
from fakeface import ImageError
from fakeface.diagnostics import environment
from train.command_line import progress
from train.data import Cache, Data, Sample

PICTURE = "1024 px"
"""Which of `benchmarks.speed._pictures.pictures` verdicts are timed on."""

TREATED = ("clean", "web", "hard")
"""Degradations that accuracy is measured under."""

PAUSE = 0.005
"""Seconds between turns, so that the threads of the previous baseline go to sleep."""

_CHUNK = 25


def compare(
    baselines: Sequence[Baseline],
    data: Data | None,
    cache: Cache,
    threads: Sequence[int] = (1, 2),
    count: int = 300,
    seconds: float = 300.0,
    seed: int = 0,
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

    Returns:
        Plain values, ready for JSON: provenance, environment, the sample, `baselines` with `speed`
        per number of threads (`network`, `verdict`, the same with `_cpu`, `peak_rss_mb`),
        `accuracy` per degradation, `failed` if one could not run.
    """
    before = environment()
    rows: list[dict[str, Any]] = [
        {"name": b.name, "digest": b.digest, "failed": b.unavailable, "accuracy": {}, "speed": {}}
        for b in baselines
    ]
    samples = [] if data is None else draw_sample(data.split("test"), count, seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        picture = folder / "portrait.jpg"
        picture.write_bytes(pictures()[PICTURE])
        treated = {name: _degrade(DEGRADATIONS[name], samples, folder) for name in TREATED}
        for baseline, row in zip(baselines, rows, strict=True):
            if samples and not row["failed"]:
                try:
                    with closing(Process(baseline, max(threads), picture)) as process:
                        row.update(process.about)
                        _score(row, baseline, process, samples, treated, cache, seed)
                except BaselineError as error:
                    row["failed"] = str(error)
        _time(rows, baselines, threads, picture, seconds)
    return {
        "benchmark": "baselines",
        **provenance(before),
        "picture": PICTURE,
        "threads": list(threads),
        "sample": {
            "seed": seed,
            "AI": sum(sample.label == 0 for sample in samples),
            "Real": sum(sample.label == 1 for sample in samples),
            "data": None if data is None else data.fingerprint(),
        },
        "degradations": {name: DEGRADATIONS[name].description for name in TREATED},
        "baselines": rows,
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


def _degrade(degradation: Degradation, samples: Sequence[Sample], folder: Path) -> list[str]:
    """Write the degraded pictures; one that cannot be decoded is copied unchanged."""
    paths = []
    for number, sample in enumerate(samples):
        path = folder / f"{degradation.name}-{number:05}{sample.path.suffix}"
        data = sample.path.read_bytes()
        try:
            path.write_bytes(degradation.apply(data))
        except ImageError:
            path.write_bytes(data)
        paths.append(str(path))
    return paths


def _score(
    row: dict[str, Any],
    baseline: Baseline,
    process: Process,
    samples: Sequence[Sample],
    treated: Mapping[str, Sequence[str]],
    cache: Cache,
    seed: int,
) -> None:
    """Score the sample under every degradation; what was scored before is in the cache."""
    job = baseline.job
    parts = [job["kind"], job.get("precision"), baseline.digest, process.about["versions"]]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
    weights = resamples([f"{s.label} {s.origin}" for s in samples], 1000, seed)
    is_ai = np.array([sample.label == 0 for sample in samples])
    for name, paths in treated.items():
        pixels = pixel_path(DEGRADATIONS[name])[:16]
        cached = cache.append_only(f"baselines/{key}-{name}-{pixels}")
        todo = [
            (sample.digest, path)
            for sample, path in zip(samples, paths, strict=True)
            if sample.digest not in cached.records
        ]
        starts = range(0, len(todo), _CHUNK)
        for start in progress(starts, f"{baseline.name}: {name}", len(starts)):
            part = todo[start : start + _CHUNK]
            scores = process.ask("scores", paths=[path for _, path in part])
            cached.add((digest, score) for (digest, _), score in zip(part, scores, strict=True))
        recorded = [cached.records[sample.digest] for sample in samples]
        p_fake = np.array([np.nan if p is None else p for p in recorded])
        readable = ~np.isnan(p_fake)
        if not readable.any():
            raise BaselineError("could read none of the pictures")
        drawn = resampled(is_ai[readable], p_fake[readable], weights[:, readable])
        row["accuracy"][name] = {
            "auc": intervals(drawn)["auc"],
            "unreadable": int((~readable).sum()),
        }


def _time(
    rows: Sequence[dict[str, Any]],
    baselines: Sequence[Baseline],
    threads: Sequence[int],
    picture: Path,
    seconds: float,
) -> None:
    """Time all baselines with all thread counts in turns."""
    with ExitStack() as stack:
        running: dict[str, tuple[dict[str, Any], int, Process]] = {}
        for baseline, row in zip(baselines, rows, strict=True):
            for count in threads:
                if not row["failed"]:
                    try:
                        process = stack.enter_context(closing(Process(baseline, count, picture)))
                    except BaselineError as error:
                        row["failed"] = str(error)
                    else:
                        row.update(process.about)
                        running[f"{baseline.name}\n{count}"] = (row, count, process)
        turns = {
            key: partial(_turn, row, process, picture) for key, (row, _, process) in running.items()
        }
        timings = in_turns(turns, seconds, "speed")
        for key, (row, count, process) in running.items():
            parts = {part: timing.as_dict() for part, timing in timings[key].items()}
            peak = _ask(row, process, "peak_memory")
            row["speed"][str(count)] = {**parts, "peak_rss_mb": peak}


def _turn(row: dict[str, Any], process: Process, picture: Path) -> dict[str, float]:
    time.sleep(PAUSE)
    return _ask(row, process, "turn", path=str(picture)) or {}


def _ask(row: dict[str, Any], process: Process, what: str, **arguments: Any) -> Any:
    """Ask a baseline; one that fails is asked no more, and its row says why."""
    if row["failed"]:
        return None
    try:
        return process.ask(what, **arguments)
    except BaselineError as error:
        row["failed"] = str(error)
        return None
