"""Features of a frozen encoder, for several views of each picture, kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fakeface import ImageError
from train.augment._views import crop_view
from train.data._cache import Cache
from train.data._locate import finder_id
from train.data._sample import Sample
from train.errors import DataError, RecipeError
from train.fitting._features import row_id
from train.fitting._shards import SHARD, Shards
from train.networks._encoder_head import pool_tokens
from train.networks._teacher import ENCODER_SIDE, open_encoder, read_encoder
from train.progress import in_threads
from train.recipes._recipe import EncoderRecipe

Item = tuple[Sample, str]
"""A picture, and the name of a view of it."""


class EncoderTable:
    """What the head of a recipe reads of pictures."""

    def __init__(self, recipe: EncoderRecipe, cache: Cache, precision: str) -> None:
        """Open the encoder and its table.

        Args:
            recipe: Its encoder, crop and way of finding faces are what counts.
            cache: Where tables are kept.
            precision: `float32` or `int8`.

        Raises:
            RecipeError: The crops are smaller than what the encoder sees.
            WeightsError: The encoder cannot be opened.
        """
        if recipe.crop.size < ENCODER_SIDE:
            raise RecipeError(
                f"the encoder needs crops of at least {ENCODER_SIDE} px, got {recipe.crop.size}"
            )
        path, spec = Path(recipe.backbone.weights), recipe.encoder
        self._crop, self._regions = recipe.crop, spec.regions
        self._run, width = open_encoder(path, spec.blocks, precision)
        meta = {
            "encoder": hashlib.sha256(read_encoder(path)).hexdigest(),
            "precision": precision,
            "blocks": list(spec.blocks),
            "regions": list(spec.regions),
            "crop": recipe.crop.as_dict(),
            "faces": finder_id(recipe.faces),
        }
        columns = len(spec.blocks) * len(spec.regions) * width
        self._shards = Shards(cache.root / "features", recipe.backbone.name, meta, columns)

    def compute(self, items: Sequence[Item]) -> None:
        """Run the encoder over what is not in the table yet.

        Args:
            items: Located samples, each with a view.

        Raises:
            DataError: A picture could be decoded before and cannot be any more.
        """
        todo = list(
            {_name(*item): item for item in items if _name(*item) not in self._shards}.values()
        )
        names: list[str] = []
        rows: list[npt.NDArray[np.float16]] = []
        for item, row in in_threads(
            self._row, todo, f"running the encoder over {len(todo):,} views"
        ):
            names.append(_name(*item))
            rows.append(row)
            if len(rows) == SHARD or item is todo[-1]:
                self._shards.write(names, np.stack(rows))
                names, rows = [], []

    def rows(self, samples: Sequence[Sample], view: str = "clean") -> npt.NDArray[np.float64]:
        """Return the features of samples, in their order, [n, columns]."""
        found = [self._shards.row(_name(sample, view)) for sample in samples]
        return np.array([shard[at] for shard, at in found], np.float64)

    def _row(self, item: Item) -> npt.NDArray[np.float16]:
        try:
            pixels = crop_view(*item, self._crop)
        except ImageError as error:
            raise DataError(f"{error} (it could be read before; start again)") from error
        return pool_tokens(self._run(pixels), self._regions).astype(np.float16)


def _name(sample: Sample, view: str) -> str:
    return f"{row_id(sample)} {view}"
