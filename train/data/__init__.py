"""Labelled pictures: folders and manifests, splits, face boxes, sampling, caches.

    data = load_data(Path("faces"), Cache(Path("cache")))   # a folder, checked
    data = locate(data, "find", cache)                      # with the face of every picture
    data.split("train")                                     # its samples

What other packages use stands here; modules with a leading underscore are private.
"""

from __future__ import annotations

from train.data._cache import AppendOnlyCache, Cache
from train.data._dataset import Data, load_data
from train.data._locate import locate
from train.data._sample import CLASSES, SPLITS, Sample
from train.data._splits import without_leaks

__all__ = [
    "CLASSES",
    "SPLITS",
    "AppendOnlyCache",
    "Cache",
    "Data",
    "Sample",
    "load_data",
    "locate",
    "without_leaks",
]
