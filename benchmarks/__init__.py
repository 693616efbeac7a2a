"""Measures the accuracy and speed of fakeface: `python -m benchmarks --help`."""

import fakeface  # noqa: F401  before ONNX Runtime: switches its telemetry off
