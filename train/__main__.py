"""`python -m train`: from a folder of faces to a detector."""

from __future__ import annotations

from train._app import app

if __name__ == "__main__":
    app(prog_name="python -m train")
