"""Quantises model directories to int8: ranges, rounding, calibration, and the acceptance test."""
