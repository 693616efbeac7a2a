"""Features on disk, by content of the picture and face box: computed once, mapped into memory.

A store is a folder under the cache, named by what its rows depend on. In it are shards: `X.npy`,
the rows, and `X.json`, the `row_id` of each. Both are written aside and moved into place, the JSON
last, so that a process killed at any moment loses the shard it was computing and nothing else;
processes side by side do no harm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fakeface import CropSpec, ImageError
from fakeface.concurrency import bounded_map
from fakeface.files import replacing
from fakeface.images import Picture
from fakeface.inference import default_threads
from fakeface.preprocessing import crop_picture
from train.data._sample import Sample
from train.errors import DataError
from train.progress import progress

SHARD = 128
"""Rows per shard: the most that an interruption loses."""

Crops = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.floating[Any]]


def row_id(sample: Sample) -> str:
    """Return the identifier of a crop: content of the picture and box."""
    box = sample.box
    if box is None:
        return sample.digest
    return f"{sample.digest} {box.x:g} {box.y:g} {box.width:g} {box.height:g}"


def crop_batches(batches: Sequence[Sequence[Sample]], spec: CropSpec) -> Iterator[Crops]:
    """Crop located samples, batch by batch, one batch ahead of the consumer.

    Args:
        batches: The samples of each batch.
        spec: What the model sees.

    Yields:
        RGB, uint8, shape (len(batch), spec.size, spec.size, 3).

    Raises:
        DataError: A picture cannot be read any more.
    """

    def cut(sample: Sample) -> Crops:
        try:
            return crop_picture(Picture(sample.path), sample.box, spec)
        except ImageError as error:
            raise DataError(f"{error} (it could be read before; start again)") from error

    most = 2 * max(map(len, batches), default=1)
    crops = bounded_map(cut, chain.from_iterable(batches), workers=default_threads(), limit=most)
    for batch in batches:
        yield np.stack(list(islice(crops, len(batch))))


class Shards:
    """A store of rows.

    Attributes:
        folder: Where the shards are.
    """

    def __init__(self, folder: Path, name: str, meta: Mapping[str, Any], width: int) -> None:
        """Open a store, or make it.

        Args:
            folder: Where stores are kept.
            name: Beginning of the store's name.
            meta: All that its rows depend on.
            width: Numbers in a row.
        """
        text = json.dumps(meta, indent=2, sort_keys=True)
        key = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        self.folder = folder / f"{name}-{key}"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "meta.json").write_text(text + "\n", encoding="utf-8")
        self._width = width
        self._where: dict[str, tuple[Rows, int]] = {}  # shard, and number of the row in it
        for path in sorted(self.folder.glob("*.json")):
            if path.name != "meta.json":
                self._open(path)

    def compute(
        self, samples: Sequence[Sample], crop: CropSpec, network: Callable[[Crops], Rows], what: str
    ) -> None:
        """Run a network over the pictures that have no row yet.

        Args:
            samples: Located samples (`train.data._locate.locate`).
            crop: What the network sees of them.
            network: From crops, uint8 [n, size, size, 3], to rows, [n, width].
            what: Name of the network, for the progress.

        Raises:
            DataError: A picture could be decoded before and cannot be any more.
        """
        todo = list({row_id(s): s for s in samples if row_id(s) not in self._where}.values())
        parts = [todo[start : start + SHARD] for start in range(0, len(todo), SHARD)]
        title = f"running {what} over {len(todo):,} pictures, {SHARD} at a time"
        crops = progress(crop_batches(parts, crop), title, len(parts))
        for part, batch in zip(parts, crops, strict=True):
            self._write([row_id(sample) for sample in part], network(batch))

    def rows(self, samples: Sequence[Sample]) -> list[Rows]:
        """Return the row of each sample, mapped from disk; `KeyError` if one is not computed."""
        found = [self._where[row_id(sample)] for sample in samples]
        return [shard[at] for shard, at in found]

    def _write(self, names: Sequence[str], rows: Rows) -> None:
        name = hashlib.blake2b("\n".join(names).encode(), digest_size=8).hexdigest()
        path = self.folder / f"{name}.json"
        with replacing(path.with_suffix(".npy")) as new, new.open("wb") as file:
            np.save(file, rows)
        with replacing(path) as new:
            new.write_text(json.dumps(list(names)), encoding="utf-8")
        self._open(path)

    def _open(self, path: Path) -> None:
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            names = [name.removesuffix(" clean") for name in written]  # of an encoder, up to 0.2.0
            rows = np.load(path.with_suffix(".npy"), mmap_mode="r")
        except (OSError, ValueError):
            return  # half of a shard, whose rows are computed again
        if rows.shape == (len(names), self._width):
            self._where |= {name: (rows, row) for row, name in enumerate(names)}
