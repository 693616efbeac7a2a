"""Features of a frozen backbone: computed once per picture, kept on disk, mapped into memory.

What is kept is the last feature map pooled in both ways of the report's heads, so that one pass
over the pictures serves them all: for ResNet50 at 224 px 3x3x2048 + 2048 numbers instead of
7x7x2048, 82 kB a picture instead of 401. They are kept as float32: heads train on exactly what the
exported network computes, and random weights cannot overflow, which half precision would allow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface import CropSpec, ImageError
from fakeface.concurrency import bounded_map
from fakeface.images import Picture
from fakeface.inference import default_threads
from fakeface.preprocessing import crop_picture
from train.data._cache import Cache
from train.data._locate import finder_id
from train.data._sample import Sample
from train.errors import DataError
from train.fitting._shards import SHARD, Row, Shards
from train.networks._heads import pool
from train.networks.backbones import get_backbone
from train.progress import progress
from train.recipes._recipe import FrozenRecipe

if TYPE_CHECKING:
    import keras

_POOLINGS = ("max", "global-average")

Floats = npt.NDArray[np.float32]


class Rows:
    """Features of some samples under one pooling, read from the mapped shards when asked for."""

    def __init__(self, parts: list[Row], columns: slice) -> None:
        """Take, for every sample, its shard and row, and the columns of the pooling."""
        self._parts = parts
        self._columns = columns
        self.width = columns.stop - columns.start

    def __len__(self) -> int:
        return len(self._parts)

    def take(self, indices: npt.NDArray[np.int64]) -> Floats:
        """Return rows by index, shape [len(indices), width]."""
        out = np.empty((len(indices), self.width), np.float32)
        for row, index in enumerate(indices):
            shard, at = self._parts[index]
            out[row] = shard[at, self._columns]
        return out


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
            "weights": weights_fingerprint(self.backbone),
            "crop": recipe.crop.as_dict(),
            "faces": finder_id(recipe.faces),
            "columns": {name: [part.start, part.stop] for name, part in self._columns.items()},
        }
        width = self._model.output.shape[1]
        self._shards = Shards(cache.root / "features", described.name, meta, width)
        self.folder = self._shards.folder

    def compute(self, samples: Sequence[Sample]) -> None:
        """Run the backbone over the pictures that are not in the table yet.

        Args:
            samples: Located samples (`train.data._locate.locate`).

        Raises:
            DataError: A picture could be decoded before and cannot be any more.
        """
        todo = list({row_id(s): s for s in samples if row_id(s) not in self._shards}.values())
        shards = [todo[start : start + SHARD] for start in range(0, len(todo), SHARD)]
        what = f"running {self.backbone.name} over {len(todo):,} pictures"
        crops = crop_batches(shards, self._crop)
        sizes = [len(shard) for shard in shards]
        for shard, batch in zip(shards, progress(crops, what, len(todo), sizes), strict=True):
            features = np.asarray(self._model.predict_on_batch(batch), np.float32)
            self._shards.write([row_id(sample) for sample in shard], features)

    def rows(self, samples: Sequence[Sample], pooling: str) -> Rows:
        """Return the features of samples, in their order."""
        return Rows([self._shards.row(row_id(s)) for s in samples], self._columns[pooling])


def row_id(sample: Sample) -> str:
    """Return the identifier of a crop: content of the picture and box."""
    box = sample.box
    if box is None:
        return sample.digest
    return f"{sample.digest} {box.x:g} {box.y:g} {box.width:g} {box.height:g}"


def weights_fingerprint(model: keras.Model) -> str:
    """Return BLAKE2b-64 over all weights of a model, in hexadecimal."""
    digest = hashlib.blake2b(digest_size=8)
    for array in model.get_weights():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def crop_batches(
    batches: Sequence[Sequence[Sample]], spec: CropSpec
) -> Iterator[npt.NDArray[np.uint8]]:
    """Crop located samples, batch by batch, one batch ahead of the consumer.

    Args:
        batches: The samples of each batch.
        spec: What the model sees.

    Yields:
        RGB, uint8, shape (len(batch), spec.size, spec.size, 3).

    Raises:
        DataError: A picture cannot be read any more.
    """

    def cut(sample: Sample) -> npt.NDArray[np.uint8]:
        try:
            return crop_picture(Picture(sample.path), sample.box, spec)
        except ImageError as error:
            raise DataError(f"{error} (it could be read before; start again)") from error

    most = 2 * max(map(len, batches), default=1)
    crops = bounded_map(cut, chain.from_iterable(batches), workers=default_threads(), limit=most)
    for batch in batches:
        yield np.stack(list(islice(crops, len(batch))))
