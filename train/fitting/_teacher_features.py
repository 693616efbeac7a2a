"""Features of a teacher, computed once per picture and kept in one file.

The file is a NumPy archive: `ids` (content of the picture and face box, `row_id`), `rows` (float16,
[n, width]), and `info`, a JSON object that says where they are from. No label goes into it.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fakeface import CropSpec, ImageError
from fakeface.files import replacing
from fakeface.images import Picture
from fakeface.preprocessing import crop_picture
from train.command_line import invocation
from train.data._dataset import Data
from train.data._locate import finder_id
from train.data._sample import Sample
from train.errors import DataError, RecipeError, RunError
from train.fitting._features import row_id
from train.fitting._finalize import versions
from train.networks._teacher import BLOCKS, ENCODER_SIDE, open_teacher
from train.progress import in_threads

SAVED_EVERY = 500
"""Pictures after which the file is written again: the most that a killed process loses."""

Features = dict[str, npt.NDArray[np.float16]]
"""Rows of features by `row_id`."""


def write_features(data: Data, crop: CropSpec, faces: str, teacher: Path, out: Path) -> Features:
    """Run the teacher over the pictures of `train` and `val` that `out` lacks (.06 s each).

    Args:
        data: Pictures with faces located.
        crop: The face crops, of whose centre the teacher sees `ENCODER_SIDE` pixels.
        faces: How the faces were found.
        teacher: ONNX graph for `train.networks._teacher.open_teacher`.
        out: The file. Features of the same teacher and crops in it are kept; it is written
            repeatedly, also when interrupted.

    Returns:
        All features in the file.

    Raises:
        DataError: A picture cannot be decoded any more, or `out` is something else.
        RecipeError: The crops are smaller than what the teacher sees.
        RunError: `out` has features of another teacher, or of other crops.
        WeightsError: The teacher cannot be opened.
    """
    if crop.size < ENCODER_SIDE:
        raise RecipeError(f"the teacher needs crops of at least {ENCODER_SIDE} px, got {crop.size}")
    run = open_teacher(teacher)
    source = {
        "teacher": hashlib.sha256(teacher.read_bytes()).hexdigest(),
        "blocks": BLOCKS,
        "crop": crop.as_dict(),
        "faces": finder_id(faces),
    }
    info: dict[str, Any] = {
        "source": source,
        "data": {"root": str(data.root), "fingerprint": data.fingerprint()},
        "versions": versions(),
        "command": invocation("train"),
    }
    rows: Features = {}
    if out.exists():
        rows, before = read_features(out)
        if before.get("source") != json.loads(json.dumps(source)):
            raise RunError(
                f"{out} holds features of another teacher or of other crops: choose another -o, or"
                " remove it"
            )
    todo = [s for s in data.split("train", "val") if row_id(s) not in rows]

    def compute(sample: Sample) -> npt.NDArray[np.float16]:
        try:
            return run(crop_picture(Picture(sample.path), sample.box, crop))
        except ImageError as error:
            raise DataError(f"{error} (it could be read before; start again)") from error

    try:
        what = f"running the teacher over {len(todo):,} pictures"
        for number, (sample, row) in enumerate(in_threads(compute, todo, what), 1):
            rows[row_id(sample)] = row
            if number % SAVED_EVERY == 0:
                _write(out, rows, info)
    finally:
        if rows:
            _write(out, rows, info)
    return rows


def read_features(path: Path) -> tuple[Features, dict[str, Any]]:
    """Read features and where they are from.

    Raises:
        DataError: There is no such file, or it is not from `write_features`.
    """
    try:
        with np.load(path) as archive:
            ids, rows, info = archive["ids"], archive["rows"], json.loads(str(archive["info"]))
        if rows.shape[:1] != ids.shape or rows.ndim != 2 or not np.isfinite(rows).all():
            raise ValueError("rows do not fit")
        return dict(zip(ids.tolist(), rows.astype(np.float16), strict=True)), dict(info)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: cannot be read as features of a teacher ({error}); write them with"
            " `python -m train teacher`"
        ) from error


def _write(path: Path, rows: Features, info: dict[str, Any]) -> None:
    with replacing(path) as new, new.open("wb") as file:
        np.savez(file, ids=list(rows), rows=np.stack(list(rows.values())), info=json.dumps(info))
