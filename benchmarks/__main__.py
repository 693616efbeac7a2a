"""`python -m benchmarks`: how right fakeface is, and how fast.

Each command imports what it needs when it runs, so that one missing extra does not take the others
away.
"""

from __future__ import annotations

from benchmarks import (  # noqa: F401 -- their commands
    _draft_app,
    _explain_app,
    _faces_app,
    _peers_app,
    _profile_app,
    _scan_app,
    _throughput_app,
)
from benchmarks._app import app

if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
