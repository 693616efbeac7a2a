"""Quantises model directories to int8: calibration, rounding, search, and the acceptance test."""

from __future__ import annotations

from export.int8._quantize import Reader

__all__ = ["Reader"]
