"""A baseline, and the process that it runs in."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._process import child_environment
from train.command_line import CommandError


class BaselineError(CommandError):
    """A baseline is missing or failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One row of the table.

    Attributes:
        name: Its name in the table.
        job: What its process opens, ready for JSON; see
            `benchmarks.baselines._worker.open_baseline`.
        digest: Hash of the files that determine its scores.
        python: Python interpreter of its process.
        unavailable: Why it cannot run; empty if it can be tried.
    """

    name: str
    job: dict[str, Any] = field(default_factory=dict)
    digest: str = ""
    python: str = sys.executable
    unavailable: str = ""


class Process:
    """The process of one baseline.

    Attributes:
        about: What it reported when it was ready: `versions`, `precision`.
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
        job = json.dumps({**baseline.job, "threads": threads, "picture": str(picture)})
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 -- see close
        try:
            self._process = subprocess.Popen(
                [baseline.python, "-m", "benchmarks.baselines._worker", job],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=child_environment(),
            )
        except OSError as error:
            self._errors.close()
            raise BaselineError(f"{baseline.python}: {error.strerror}") from error
        self.about: dict[str, Any] = self._answer()

    def ask(self, what: str, **arguments: Any) -> Any:
        """Send a request to the process and wait for the answer.

        Args:
            what: Name of a request to `benchmarks.baselines._worker`.
            arguments: Its arguments, ready for JSON.

        Returns:
            The answer.

        Raises:
            BaselineError: The baseline failed, or its process died; it is ended then.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended: the answer will say why
            self._process.stdin.write(json.dumps({"what": what, **arguments}) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            answer = json.loads(line)
            if "error" not in answer:
                return answer["answer"]
            why = answer["error"]
        else:
            code = self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines() or ["no message"]
            why = f"its process ended with {code}: {lines[-1][:300]}"
        self.close()
        raise BaselineError(why)
