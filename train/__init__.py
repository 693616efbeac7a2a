"""Fits detectors with TensorFlow: `python -m train --help`.

The way of a picture here: `_data` (which pictures, which class, which split) -> `_faces` (where
the face is) -> `fakeface._preprocess.crop_picture` (the one crop of training and inference) ->
`backbones` -> `_features` (cached on disk, for frozen backbones) -> `_heads` -> `_run` (the run
directory that `export` reads).
"""

import fakeface  # noqa: F401  before ONNX Runtime: switches its telemetry off
