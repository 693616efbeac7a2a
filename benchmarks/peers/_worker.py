"""The process of one peer: it opens the peer and answers requests, as lines of JSON.

`python -m benchmarks.peers._worker JOB` runs in whatever environment the peer lives in; it may
import nothing before the peer is known.
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
"""Runs before the one that counts: other peers have had the caches in the meantime."""


class Subject(Protocol):
    """An opened peer.

    Attributes:
        versions: Versions that its answers and its speed depend on.
        precision: What it says that it computes in.
        threshold: From which score on it calls a picture fake; None where it has none.
    """

    versions: dict[str, str]
    precision: str
    threshold: float | None

    def network(self) -> object:
        """Run the network alone on one face or picture that is ready for it."""

    def verdict(self, path: str) -> float | None:
        """Judge a picture file as its users do: 0 to 1, None where it finds nothing to judge."""

    def score(self, path: str) -> tuple[float | None, str]:
        """Judge a picture file in any case; and how that came about."""


def open_subject(job: dict[str, Any]) -> Subject:
    """Open a peer.

    Args:
        job: `Peer.job`, `threads` and `picture`.

    Returns:
        The peer, ready.
    """
    if job["kind"] == "sahu65":
        from benchmarks.peers._sahu65 import open_sahu65

        return open_sahu65(job)
    from benchmarks.peers._same import open_same

    return open_same(job)


def _seconds(name: str, call: Callable[[], object]) -> dict[str, float]:
    """Wall time of a call, and the CPU time that all threads of this process spent meanwhile."""
    for _ in range(WARM):
        call()
    start, spent = time.perf_counter(), time.process_time()
    call()
    wall, cpu = time.perf_counter() - start, time.process_time() - spent
    return {name: wall, f"{name}_cpu": cpu}


def _answer(subject: Subject, job: dict[str, Any], request: dict[str, Any]) -> Any:
    what = request["what"]
    if what == "turn":  # the network first: it warms the verdict
        return {
            **_seconds("network", subject.network),
            **_seconds("verdict", lambda: subject.verdict(request["path"])),
        }
    if what == "scores":
        scores = [subject.score(path) for path in request["paths"]]
        if any(p_fake is not None and not math.isfinite(p_fake) for p_fake, _ in scores):
            raise ValueError("gives scores that are not numbers")
        return scores
    if what == "cost":
        from benchmarks.speed._install_size import install_size
        from fakeface.diagnostics._environment import peak_memory

        sizes = install_size(job["installs"])
        installed = None if sizes is None else round(sum(sizes.values()), 1)
        return {"peak_rss_mb": peak_memory(), "install_mb": installed}
    raise ValueError(f"unknown request {what!r}")


def main() -> None:
    """Open the peer named in the first argument, then answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print is no answer

    def say(found: dict[str, Any]) -> None:
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    def attempt(call: Callable[[], Any]) -> None:
        try:
            say({"answer": call()})
        except Exception as error:  # whatever it is, it becomes a row of the table
            text = " ".join(str(error).split())[:300]
            say({"error": f"{type(error).__name__}: {text}"})

    job = json.loads(sys.argv[1])
    opened: list[Subject] = []

    def begin() -> dict[str, Any]:
        subject = open_subject(job)
        opened.append(subject)
        about = ("versions", "precision", "threshold")
        return {name: getattr(subject, name) for name in about}

    attempt(begin)
    for line in sys.stdin if opened else ():
        attempt(lambda line=line: _answer(opened[0], job, json.loads(line)))  # type: ignore[misc]


if __name__ == "__main__":
    main()
