"""Measures fakeface: how right it is, how fast it is. Run `python -m benchmarks --help`."""

import fakeface  # noqa: F401  before ONNX Runtime: switches its telemetry off
