"""`python -m benchmarks`: how right fakeface is, and how fast.

Each command imports what it needs when it runs, so that one missing extra does not take the others
away.
"""

from __future__ import annotations

import benchmarks._explain_app  # noqa: F401 -- its commands
import benchmarks._faces_app  # noqa: F401 -- its command
from benchmarks._app import app

if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
