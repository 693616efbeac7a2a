"""`fakeface serve` where its extra is not installed."""

from __future__ import annotations

import json
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


def test_other_commands_do_not_import_it() -> None:
    code = (
        "import sys; from fakeface.cli._app import app\n"
        "print([n for n in sys.modules if n.split('.')[0] in"
        " ('fastapi', 'uvicorn', 'starlette', 'pydantic') or n.startswith('fakeface.serve')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout) == []
