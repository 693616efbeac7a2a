from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "httpx", "onnx")
collect_ignore_glob: list[str] = []
if any(importlib.util.find_spec(name) is None for name in NEEDED):
    collect_ignore_glob = ["test_*.py"]  # the extra `serve` is not installed
else:
    from fakeface import Detector
    from tests._models import make_cam_classifier
    from tests.serve._server import serving

    @pytest.fixture(scope="session")
    def detector(tmp_path_factory: pytest.TempPathFactory) -> Detector:
        """A small detector, quick on any machine."""
        return Detector(make_cam_classifier(tmp_path_factory.mktemp("serve") / "red"))

    @pytest.fixture(scope="session")
    def url(detector: Detector) -> Iterator[str]:
        """A server with the default settings."""
        with serving(detector) as address:
            yield address

    @pytest.fixture(scope="session")
    def pictures(samples: Path) -> list[Path]:
        """Some pictures of several kinds, in order."""
        return sorted(p for p in samples.rglob("*") if p.suffix in (".jpg", ".png"))[:12]
