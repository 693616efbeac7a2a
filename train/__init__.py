"""Train detectors with TensorFlow: `python -m train --help`.

The steps from pictures to a detector: `data` (classes, splits, faces) -> the one face crop of
`fakeface.preprocessing` -> `augment` -> `networks` -> `fitting` (as a recipe of `recipes` says) ->
`evaluate` -> the run directory that `export` reads. These modules are public; names with a leading
underscore are private.
"""

import fakeface  # noqa: F401  before ONNX Runtime: switches its telemetry off
from train._keras import isolate_keras

KERAS_HOME, KERAS_NOTE = isolate_keras()
