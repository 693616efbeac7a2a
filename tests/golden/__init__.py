"""Golden scores of the sample pictures, a file for every bundled classifier.

`python -m tests.golden` makes them anew, and the golden scores in the models' directories too.
"""

from __future__ import annotations

from pathlib import Path

GOLDENS = Path(__file__).parent
"""Where the files are, `MODEL.json`."""
