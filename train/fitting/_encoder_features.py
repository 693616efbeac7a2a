"""Features of a frozen encoder: its tokens, averaged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fakeface.inference import default_threads
from train.data._cache import Cache
from train.data._locate import finder_id
from train.data._sample import Sample
from train.errors import RecipeError
from train.fitting._shards import Crops, Rows, Shards
from train.networks._encoder_head import pool_tokens
from train.networks._teacher import ENCODER_SIDE, open_encoder, read_encoder
from train.recipes._recipe import EncoderRecipe


class EncoderTable:
    """What the head of a recipe reads of pictures."""

    def __init__(self, recipe: EncoderRecipe, cache: Cache, precision: str = "float32") -> None:
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
        self._recipe = recipe
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

    def rows(self, samples: Sequence[Sample]) -> npt.NDArray[np.float64]:
        """Run the encoder over pictures that are not in the table yet; return all their features.

        Args:
            samples: Located samples.

        Returns:
            float64, [n, columns], in the order of the samples.

        Raises:
            DataError: A picture could be decoded before and cannot be any more.
        """
        self._shards.compute(samples, self._recipe.crop, self._in_threads, "the encoder")
        return np.array(self._shards.rows(samples), np.float64)

    def _in_threads(self, crops: Crops) -> Rows:
        """Average the tokens of each crop; a session has one thread, and takes one crop."""
        regions = self._recipe.encoder.regions
        with ThreadPoolExecutor(default_threads()) as pool:
            rows = pool.map(lambda crop: pool_tokens(self._run(crop), regions), crops)
            return np.stack(list(rows)).astype(np.float16)
