"""`python -m export`: from a training run to a model directory that `fakeface` runs."""

from __future__ import annotations

from export._commands import app

if __name__ == "__main__":
    app(prog_name="python -m export")
