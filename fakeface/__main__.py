"""Run the command line as `python -m fakeface`."""

from __future__ import annotations

from fakeface.cli import main

if __name__ == "__main__":
    main()
