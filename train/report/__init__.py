"""A page that shows a training run: data, curves, metrics, and the pictures it got most wrong."""

from __future__ import annotations

from train.report._write import write_report

__all__ = ["write_report"]
