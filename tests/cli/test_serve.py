"""`fakeface serve` where its extra is not installed."""

from __future__ import annotations

import subprocess
import sys


def test_without_fastapi_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['fastapi'] = None; sys.modules['uvicorn'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda n: None if n in ('fastapi', 'uvicorn') else find(n)\n"
        "from fakeface.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "serve"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "needs fastapi, uvicorn" in done.stderr
    assert ": pip install fastapi uvicorn" in done.stderr
