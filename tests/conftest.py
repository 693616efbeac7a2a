"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
"""The repository's root."""

SAMPLES = ROOT / "samples"
"""Pictures that come with the repository."""


@pytest.fixture(autouse=True)
def _the_working_directory_stays() -> Iterator[None]:
    """Fail a test that leaves the process elsewhere: others name files from the root."""
    before = Path.cwd()
    yield
    after = Path.cwd()
    os.chdir(before)
    assert after == before


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample pictures."""
    return SAMPLES


@pytest.fixture(scope="session")
def shared_faces() -> Path:
    """The shared face pictures; the test is skipped where they are not there."""
    folder = Path(os.environ.get("FAKEFACE_DATA", ROOT.parent / "shared" / "faces"))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"no shared face pictures in {folder} (set FAKEFACE_DATA)")
    return folder


@pytest.fixture(scope="session")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model; no test changes its files."""
    from tests._models import make_classifier

    return make_classifier(tmp_path_factory.mktemp("models") / "red")
