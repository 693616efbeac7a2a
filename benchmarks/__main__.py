"""`python -m benchmarks`: how accurate fakeface is, and how fast."""

from __future__ import annotations

from benchmarks._app import app

if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
