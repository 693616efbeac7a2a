from __future__ import annotations

import sys
from pathlib import Path

from tests.hostile._folder import make

if len(sys.argv) != 2:
    sys.exit("usage: python -m tests.hostile OUT")
make(Path(sys.argv[1]))
