"""From trained detectors to model directories that `fakeface` runs: `python -m export --help`."""

import fakeface  # noqa: F401  before ONNX Runtime: switches its telemetry off
