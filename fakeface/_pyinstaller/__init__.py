"""Tells PyInstaller what a frozen program needs: models, and modules that are imported by name."""

from __future__ import annotations

from pathlib import Path


def hook_folders() -> list[str]:
    """Folders of hooks, for the entry point `pyinstaller40`."""
    return [str(Path(__file__).parent)]
