"""`python -m benchmarks`: how right fakeface is, and how fast.

Each command imports what it needs when it runs, so that one missing extra does not take the others
away.
"""

from __future__ import annotations

from benchmarks._app import app
from benchmarks.accuracy import _commands as _accuracy  # noqa: F401 -- its commands
from benchmarks.baselines import _commands as _baselines  # noqa: F401
from benchmarks.speed import _commands as _speed  # noqa: F401

if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
