"""A baseline, and the process that it runs in."""

from __future__ import annotations

import hashlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._process import child_environment
from train.command_line import CommandError

TIMEOUT = 300.0
"""Seconds after which a baseline that does not answer is ended."""


class BaselineError(CommandError):
    """A baseline is missing or failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of the table.

    Attributes:
        name: Its name in the table.
        group: Its name for `--only`.
        network: Which network it runs, in words.
        job: What its process opens, ready for JSON: `kind` selects an opener of
            `benchmarks.baselines._worker`, the rest is passed to it.
        installs: Distributions that running it needs.
        python: Python interpreter of its process.
        unavailable: Why it cannot run; empty if it can be tried.
        digest: Hash of the files that determine its scores.
    """

    name: str
    group: str
    network: str
    job: dict[str, Any] = field(default_factory=dict)
    installs: tuple[str, ...] = ()
    python: str = sys.executable
    unavailable: str = ""
    digest: str = ""

    def key(self, about: dict[str, Any]) -> str:
        """Return a hash of all that its scores depend on."""
        parts = [self.name, self.job.get("kind"), self.digest, about["versions"]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Process:
    """The process of one baseline.

    Attributes:
        about: What it reported when it was ready: `versions`, `precision`, `threshold`.
    """

    def __init__(self, baseline: Baseline, threads: int, picture: Path) -> None:
        """Start the process and wait until the baseline is open.

        Args:
            baseline: The baseline.
            threads: Threads of its network.
            picture: A picture with a face, which its network is run on.

        Raises:
            BaselineError: It cannot run.
        """
        if baseline.unavailable:
            raise BaselineError(baseline.unavailable)
        job = {
            **baseline.job,
            "threads": threads,
            "picture": str(picture),
            "installs": baseline.installs,
        }
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 -- see close
        try:
            self._process = subprocess.Popen(
                [baseline.python, "-m", "benchmarks.baselines._worker", json.dumps(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=child_environment(),
            )
        except OSError as error:
            self._errors.close()
            raise BaselineError(f"{baseline.python}: {error.strerror}") from error
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.about: dict[str, Any] = self._answer()
        except BaselineError:
            self.close()
            raise

    def ask(self, what: str, **arguments: Any) -> Any:
        """Send a request to the process and wait for the answer.

        Args:
            what: Name of a request to `benchmarks.baselines._worker`.
            arguments: Its arguments, ready for JSON.

        Returns:
            The answer.

        Raises:
            BaselineError: The baseline failed, or its process died or hangs; it is ended then.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"what": what, **arguments}) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has ended: the answer will say why
        try:
            return self._answer()
        except BaselineError:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._errors):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                continue

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")

    def _answer(self) -> Any:
        try:
            line = self._lines.get(timeout=TIMEOUT)
        except queue.Empty:
            raise BaselineError(f"no answer within {TIMEOUT:.0f} s") from None
        if not line:
            raise BaselineError(self._exit_message())
        answer = json.loads(line)
        if "error" in answer:
            raise BaselineError(answer["error"])
        return answer["answer"]

    def _exit_message(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines() or ["no message"]
        return f"its process ended with {code}: {lines[-1][:300]}"
