"""The site's modules, run by Node.js."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node, which runs the site's modules")
MODULES = Path(__file__).parents[3] / "export" / "web" / "js"


def call(module: str, *calls: list[Any]) -> list[Any]:
    """Call functions of a module; Pillow images go as rasters, which come back."""
    assert NODE is not None
    given = {"module": str(MODULES / f"{module}.js"), "calls": calls}
    done = subprocess.run(
        [NODE, "--no-warnings", str(Path(__file__).parent / "modules.mjs")],
        input=json.dumps(given, default=_plain),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: list[Any] = json.loads(done.stdout)
    return results


def _plain(value: Image.Image | bytes) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    data = base64.b64encode(value.convert("RGB").tobytes()).decode()
    return {"width": value.width, "height": value.height, "rgb": data}


def pixels(raster: dict[str, Any]) -> npt.NDArray[np.uint8]:
    data = np.frombuffer(base64.b64decode(raster["rgb"]), np.uint8)
    return data.reshape(raster["height"], raster["width"], 3)
