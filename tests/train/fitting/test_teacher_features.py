from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface import CropSpec
from tests._encoder import write_encoder
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.data._locate import locate
from train.errors import DataError, RecipeError, RunError

pytestmark = pytest.mark.train

CROP = CropSpec(size=256)


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "clip.onnx")


@pytest.fixture
def data(faces: Path, cache: Cache) -> Data:
    return locate(load_data(faces, cache, 0), "whole", cache)


def test_features_are_computed_once_and_an_interruption_keeps_them(
    data: Data, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.fitting import _teacher_features
    from train.fitting._features import row_id
    from train.fitting._teacher_features import read_features, write_features

    out, seen = tmp_path / "features.npz", []

    def opened(path: Path):
        run = _teacher_features_open(path)

        def counted(crop):
            seen.append(crop.shape)
            if len(seen) == stop:
                raise KeyboardInterrupt
            return run(crop)

        return counted

    _teacher_features_open = _teacher_features.open_teacher
    monkeypatch.setattr(_teacher_features, "open_teacher", opened)
    used = data.split("train", "val")
    stop = 20
    with pytest.raises(KeyboardInterrupt):
        write_features(data, CROP, "whole", teacher, out)
    kept, _ = read_features(out)
    assert 0 < len(kept) < len(used)
    stop = 0
    seen.clear()
    rows = write_features(data, CROP, "whole", teacher, out)
    assert len(seen) == len(used) - len(kept)
    assert set(rows) == {row_id(sample) for sample in used}
    seen.clear()
    assert write_features(data, CROP, "whole", teacher, out).keys() == rows.keys()
    assert not seen
    again, info = read_features(out)
    assert all(np.array_equal(again[key], row) for key, row in rows.items())
    assert info["data"]["fingerprint"] == data.fingerprint()
    assert {"source", "data", "versions", "command"} == set(info)
    assert len(info["source"]["teacher"]) == 64
    with pytest.raises(RunError, match="of other crops"):
        write_features(data, replace(CROP, margin=2.0), "whole", teacher, out)


def test_small_crops_and_broken_pictures_are_errors(
    data: Data, teacher: Path, tmp_path: Path
) -> None:
    from train.fitting._teacher_features import read_features, write_features

    out = tmp_path / "features.npz"
    with pytest.raises(RecipeError, match="at least 224 px, got 64"):
        write_features(data, CropSpec(size=64), "whole", teacher, out)
    last = data.split("train", "val")[-1]
    last.path.write_bytes(b"broken")
    with pytest.raises(DataError, match=last.path.name):
        write_features(data, CROP, "whole", teacher, out)
    assert len(read_features(out)[0]) == len(data.split("train", "val")) - 1


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04", b"no archive"])
def test_what_holds_no_features_says_how_to_write_them(
    tmp_path: Path, content: bytes | None
) -> None:
    from train.fitting._teacher_features import read_features

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
    from train.fitting._teacher_features import read_features

    np.savez(tmp_path / "x.npz", info="{}", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="python -m train teacher"):
        read_features(tmp_path / "x.npz")
