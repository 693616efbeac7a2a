"""Labelled pictures: folders and manifests, splits, face boxes, sampling, caches.

    data = load_data(Path("faces"), Cache(Path("cache")))   # a folder, checked
    data = locate(data, "find", cache)                      # with the face of every picture
    data.split("train")                                     # its samples

What other packages use stands here; modules with a leading underscore are private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakeface.lazy import lazy_exports

if TYPE_CHECKING:
    from train.data._cache import AppendOnlyCache, Cache, digests
    from train.data._dataset import Data, load_data
    from train.data._locate import finder_id, locate
    from train.data._sample import CLASSES, SPLITS, Sample
    from train.data._sampler import BatchItem, SamplingSpec, batches
    from train.data._splits import without_leaks

__all__ = [
    "CLASSES",
    "SPLITS",
    "AppendOnlyCache",
    "BatchItem",
    "Cache",
    "Data",
    "Sample",
    "SamplingSpec",
    "batches",
    "digests",
    "finder_id",
    "load_data",
    "locate",
    "without_leaks",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "train.data._cache": (
            "AppendOnlyCache",
            "Cache",
            "digests",
        ),
        "train.data._dataset": (
            "Data",
            "load_data",
        ),
        "train.data._locate": (
            "finder_id",
            "locate",
        ),
        "train.data._sample": (
            "CLASSES",
            "SPLITS",
            "Sample",
        ),
        "train.data._sampler": (
            "BatchItem",
            "SamplingSpec",
            "batches",
        ),
        "train.data._splits": ("without_leaks",),
    },
)
