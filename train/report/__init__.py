"""A page that shows a training run: data, curves, metrics, and the pictures it got most wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.report._write import write_report

__all__ = ["write_report"]

__getattr__, __dir__ = lazy_exports(__name__, {"train.report._write": ("write_report",)})
