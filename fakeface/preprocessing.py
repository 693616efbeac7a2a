"""From a picture to the crops that a model sees: the one pixel path of training and inference.

`preprocess` does all of it, as `Detector.predict` does: decode, find the faces, crop. The other
functions are its steps, for programs that know the faces already or measure a step alone.
"""

from fakeface._crop import (
    FILTERS,
    CropSpec,
    crop,
    crop_box,
)
from fakeface._preprocess import (
    MIN_OVERSAMPLING,
    PIXELS_VERSION,
    Preprocessed,
    crop_picture,
    preprocess,
)
from fakeface.faces._find import FINDER_SIDE, detect_faces, find_faces, load_for_finder
from fakeface.images._decode import reduction_factor

__all__ = [
    "FILTERS",
    "FINDER_SIDE",
    "MIN_OVERSAMPLING",
    "PIXELS_VERSION",
    "CropSpec",
    "Preprocessed",
    "crop",
    "crop_box",
    "crop_picture",
    "detect_faces",
    "find_faces",
    "load_for_finder",
    "preprocess",
    "reduction_factor",
]
