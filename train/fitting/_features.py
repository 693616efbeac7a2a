"""Features of a frozen backbone.

What is kept is the last feature map pooled in both ways of the report's heads, so that one pass
over the pictures serves them all: for ResNet50 at 224 px 3x3x2048 + 2048 numbers instead of
7x7x2048, 82 kB a picture instead of 401. They are kept as float32: heads train on exactly what the
exported network computes, and random weights cannot overflow, which half precision would allow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from train.data._cache import Cache
from train.data._locate import finder_id
from train.data._sample import Sample
from train.fitting._shards import Rows, Shards
from train.networks._heads import pool
from train.networks.backbones import get_backbone
from train.recipes._recipe import FrozenRecipe

if TYPE_CHECKING:
    import keras

_POOLINGS = ("max", "global-average")


class FeatureTable:
    """The features of a recipe's frozen backbone.

    Attributes:
        backbone: The backbone with its weights, from image to feature map.
        folder: Where the shards are.
    """

    def __init__(self, recipe: FrozenRecipe, cache: Cache) -> None:
        """Build the backbone and open its table.

        Args:
            recipe: Its backbone, crop and way of finding faces are what counts.
            cache: Where tables are kept.

        Raises:
            WeightsError: The backbone's weights are not there.
        """
        import keras

        described = get_backbone(recipe.backbone.name)
        self.backbone = described.build(recipe.crop.size, recipe.backbone.weights, recipe.seed)
        self.backbone.trainable = False
        self._crop = recipe.crop
        rows = [pool(self.backbone, pooling) for pooling in _POOLINGS]
        self._model = keras.Model(self.backbone.input, keras.ops.concatenate(rows, axis=1))
        stops = np.cumsum([row.shape[1] for row in rows]).tolist()
        starts = [0, *stops[:-1]]
        self._columns = dict(zip(_POOLINGS, map(slice, starts, stops), strict=True))
        meta = {
            "backbone": described.name,
            "preprocessing": described.preprocessing,
            "weights": _fingerprint(self.backbone),
            "crop": recipe.crop.as_dict(),
            "faces": finder_id(recipe.faces),
            "columns": {name: [part.start, part.stop] for name, part in self._columns.items()},
        }
        width = self._model.output.shape[1]
        self._shards = Shards(cache.root / "features", described.name, meta, width)
        self.folder = self._shards.folder

    def compute(self, samples: Sequence[Sample]) -> None:
        """Run the backbone over the pictures that are not in the table yet."""
        network = self._model.predict_on_batch
        self._shards.compute(samples, self._crop, network, self.backbone.name)

    def rows(self, samples: Sequence[Sample], pooling: str) -> list[Rows]:
        """Return the features of each sample, float32, mapped from disk."""
        return [row[self._columns[pooling]] for row in self._shards.rows(samples)]


def _fingerprint(model: keras.Model) -> str:
    """Return BLAKE2b-64 over all weights of a model, in hexadecimal."""
    digest = hashlib.blake2b(digest_size=8)
    for array in model.get_weights():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
