"""Process of one baseline: opens it and answers requests, one JSON object per line.

`python -m benchmarks.baselines._worker JOB` runs in the environment of the baseline, so nothing may
be imported before the baseline is known.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

WARM = 2
"""Runs before the timed one: other baselines have used the processor caches since."""


class OpenBaseline(Protocol):
    """An opened baseline.

    Attributes:
        versions: Versions that its answers and its speed depend on.
        precision: What it reports to compute in.
        threshold: Score from which it calls a picture fake; None if it has none.
    """

    versions: dict[str, str]
    precision: str
    threshold: float | None

    def network(self) -> object:
        """Run the network alone on one preprocessed face or picture."""

    def verdict(self, path: str) -> float | None:
        """Score a picture file as its users do: 0 to 1, or None if it finds no face."""

    def score(self, path: str) -> tuple[float | None, str]:
        """Score a picture file in any case; return the score and what was scored."""


def open_baseline(job: dict[str, Any]) -> OpenBaseline:
    """Open a baseline.

    Args:
        job: `Baseline.job`, `threads` and `picture`.

    Returns:
        The baseline, ready.
    """
    if job["kind"] == "sahu65":
        from benchmarks.baselines._sahu65 import open_sahu65

        return open_sahu65(job)
    from benchmarks.baselines._shared_pipeline import open_shared_pipeline

    return open_shared_pipeline(job)


def _seconds(name: str, call: Callable[[], object]) -> dict[str, float]:
    """Measure wall time of a call, and CPU time of all threads of this process meanwhile."""
    for _ in range(WARM):
        call()
    start, spent = time.perf_counter(), time.process_time()
    call()
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    return {name: wall, f"{name}_cpu": cpu}


def _answer(opened_baseline: OpenBaseline, job: dict[str, Any], request: dict[str, Any]) -> Any:
    what = request["what"]
    if what == "turn":  # the network first: it warms up the verdict
        return {
            **_seconds("network", opened_baseline.network),
            **_seconds("verdict", lambda: opened_baseline.verdict(request["path"])),
        }
    if what == "scores":
        scores = [opened_baseline.score(path) for path in request["paths"]]
        if any(p_fake is not None and not math.isfinite(p_fake) for p_fake, _ in scores):
            raise ValueError("returns scores that are not finite")
        return scores
    if what == "cost":
        from benchmarks.speed._install_size import install_size
        from fakeface.diagnostics import peak_memory

        sizes = install_size(job["installs"])
        installed = None if sizes is None else round(sum(sizes.values()), 1)
        return {"peak_rss_mb": peak_memory(), "install_mb": installed}
    raise ValueError(f"unknown request {what!r}")


def main() -> None:
    """Open the baseline named in the first argument, then answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print must not reach the answers

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    def attempt(call: Callable[[], Any]) -> None:
        try:
            send({"answer": call()})
        except Exception as error:  # any error becomes a row of the table
            text = " ".join(str(error).split())[:300]
            send({"error": f"{type(error).__name__}: {text}"})

    job = json.loads(sys.argv[1])
    opened: list[OpenBaseline] = []

    def begin() -> dict[str, Any]:
        opened_baseline = open_baseline(job)
        opened.append(opened_baseline)
        about = ("versions", "precision", "threshold")
        return {name: getattr(opened_baseline, name) for name in about}

    attempt(begin)
    for line in sys.stdin if opened else ():
        attempt(lambda line=line: _answer(opened[0], job, json.loads(line)))  # type: ignore[misc]


if __name__ == "__main__":
    main()
