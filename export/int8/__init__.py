"""A model directory in 8-bit numbers: calibration, rounding, search, and the acceptance test."""
