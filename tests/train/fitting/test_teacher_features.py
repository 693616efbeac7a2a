from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from tests._encoder import BLOCKS, WIDTH, write_encoder
from train.data._cache import Cache
from train.data._dataset import load_data
from train.data._locate import locate
from train.errors import DataError
from train.fitting._shards import row_id
from train.fitting._teacher_features import read_features, write_features

pytestmark = pytest.mark.train


def test_the_file_has_the_means_of_the_tokens_of_every_picture(
    faces: Path, cache: Cache, tmp_path: Path
) -> None:
    data, out = locate(load_data(faces, cache, 0), "whole", cache), tmp_path / "features.npz"
    teacher = write_encoder(tmp_path / "clip.onnx")
    rows = write_features(data, CropSpec(size=256), "whole", teacher, cache, out)
    assert set(rows) == {row_id(sample) for sample in data.split("train", "val")}
    assert {row.shape for row in rows.values()} == {(len(BLOCKS) * WIDTH,)}
    again = read_features(out)
    assert all(np.array_equal(again[key], row) for key, row in rows.items())


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"no archive"])
def test_what_holds_no_features_says_how_to_write_them(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "features.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="python -m train teacher"):
        read_features(path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"ids": ["a"], "rows": np.zeros((2, 3))},
        {"ids": ["a"], "rows": np.full((1, 3), np.nan)},
        {"ids": ["a"], "rows": np.array([None])},
        {"ids": ["a"]},
    ],
)
def test_an_archive_of_something_else_is_refused(tmp_path: Path, arrays: dict[str, object]) -> None:
    np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="python -m train teacher"):
        read_features(tmp_path / "x.npz")
