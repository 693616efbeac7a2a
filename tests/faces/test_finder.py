"""The face finder on portraits, on pictures without people, and on hostile sizes."""

import csv
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface import Box, FaceFinder, ModelError
from fakeface._model import FACE_FINDER, MODELS
from fakeface.diagnostics import PORTRAIT
from fakeface.faces._blazeface import MAX_ANCHORS, REDUCING_GAP, BlazeFace, _letterbox
from fakeface.faces._boxes import anchors, decode, overlaps, suppress

WITHOUT_PEOPLE = [
    "brick", "cell", "chelsea", "chessboard_GRAY", "chessboard_RGB", "clock_motion",
    "coffee", "coins", "color", "grass", "gravel", "horse",
    "hubble_deep_field", "ihc", "logo", "microaneurysms", "moon", "motorcycle_left",
    "motorcycle_right", "page", "phantom", "retina", "rocket", "text",
]  # fmt: skip
"""Pictures that come inside scikit-image, all but the astronaut and the cameraman."""


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(MODELS / FACE_FINDER)


@pytest.fixture(scope="module")
def portraits(samples) -> list[Image.Image]:
    paths = [*(samples / "real").iterdir(), *(samples / "ai").iterdir()]
    return [Image.open(path).convert("RGB") for path in sorted(paths)]


def test_anchors_lie_in_the_middle_of_their_cells():
    centres = anchors((32, 16), (8, 16), (2, 6))
    assert centres.shape == (4 * 2 * 2 + 2 * 6, 2)
    assert centres[:4].tolist() == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert centres[-1].tolist() == [24, 8]


def test_boxes_are_relative_to_their_anchors():
    box = decode(np.array([[1, -2, 10, 20]], np.float32), np.array([[50, 60]], np.float32))
    assert box.tolist() == [[46, 48, 56, 68]]


def test_overlapping_boxes_become_their_weighted_mean():
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [0, 3, 10, 13]], np.float32)
    merged, scores = suppress(boxes, np.array([0.9, 0.8, 0.3], np.float32), 0.3)
    assert merged[0] == pytest.approx([0, 0.75, 10, 10.75])
    assert merged[1] == pytest.approx(boxes[1])
    assert scores == pytest.approx([0.9, 0.8])


def straightforward(boxes, scores, overlap):
    """Weighted non-maximum suppression as it is told, one box after the other."""
    order = np.argsort(-scores, kind="stable")
    left, merged, best = list(order), [], []
    while left:
        first = boxes[left[0]]
        shares = overlaps(boxes[left], first)
        same = [i for i, share in zip(left, shares, strict=True) if share > overlap or i == left[0]]
        merged.append(np.average(boxes[same], axis=0, weights=scores[same]))
        best.append(scores[left[0]])
        left = [i for i in left if i not in same]
    return np.array(merged, np.float32).reshape(-1, 4), np.array(best, np.float32)


@pytest.mark.parametrize("spread", [2.0, 20.0, 200.0])
@pytest.mark.parametrize("count", [1, 2, 9, 64])
def test_suppression_is_what_it_is_told_to_be_to_the_last_bit(count, spread):
    rng = np.random.default_rng(count)
    for _ in range(20):
        centres = rng.normal(64, spread, (count, 2))
        half = rng.uniform(0, 30, (count, 2))
        half[0] = 0  # a box without an area
        boxes = np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)
        scores = rng.uniform(0.5, 1, count).astype(np.float32).round(1)  # some are equal
        for given, wanted in zip(
            suppress(boxes, scores, 0.3), straightforward(boxes, scores, 0.3), strict=True
        ):
            assert given.dtype == wanted.dtype
            np.testing.assert_array_equal(given, wanted)


def test_boxes_without_an_area_overlap_nothing():
    boxes = np.array([[5, 5, 5, 5], [0, 0, 10, 10]], np.float32)
    assert overlaps(boxes, boxes[0]).tolist() == [0, 0]
    assert overlaps(boxes, boxes[1]).tolist() == [0, 1]


def test_anchors_without_a_size_are_passed_over_and_the_best_are_kept(finder):
    near = finder.near
    canvas = np.zeros((128, 128, 3), np.uint8)
    frame = _letterbox(
        Image.new("RGB", (128, 128)),
        np.array([0, 0, 128, 128], np.float32),
        canvas,
        REDUCING_GAP,
    )
    raw = np.zeros((896, 4), np.float32)
    raw[:, 2:] = 3  # too small to touch their neighbours
    raw[:100, 3] = -3
    scores = np.linspace(1, 0.6, 896, dtype=np.float32)
    boxes, best = near._read(raw, scores, frame)
    assert best[0] == scores[100]
    assert (np.diff(best) <= 0).all()
    assert best[-1] > scores[100 + MAX_ANCHORS]
    assert len(boxes) == len(best)
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    for nothing in (scores * 0, scores * np.nan):
        boxes, best = near._read(raw, nothing, frame)
        assert boxes.shape == (0, 4)
        assert best.shape == (0,)


def test_nothing_is_suppressed_from_nothing():
    boxes, scores = suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.3)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_every_portrait_has_one_face(finder, portraits):
    assert [len(finder.find(image)) for image in portraits] == [1] * len(portraits)


@pytest.mark.parametrize("name", WITHOUT_PEOPLE)
def test_no_face_where_there_is_none(finder, name):
    skimage = pytest.importorskip("skimage", reason="needs the extra `dev`")
    (file,) = (Path(skimage.__file__).parent / "data").glob(f"{name}.*")
    assert finder.find(Image.open(file).convert("RGB")) == []


def test_small_faces_are_found(finder, portraits):
    """Three faces of 64 px in a picture of 1,000 px, where the first look finds none."""
    scene = Image.new("RGB", (1000, 700), (96, 120, 140))
    wanted = []
    for column, portrait in enumerate(portraits[:3]):
        face = finder.find(portrait)[0].box
        scale = 64 / face.side
        small = portrait.resize((round(portrait.width * scale), round(portrait.height * scale)))
        x, y = 40 + 320 * column, 200
        scene.paste(small, (x, y))
        box = face.scaled(scale)
        wanted.append(Box(box.x + x, box.y + y, box.width, box.height))
    found = [face.box for face in finder.find(scene)]
    assert len(found) == 3
    assert all(max(box.iou(other) for other in found) > 0.5 for box in wanted)


def test_a_face_that_fills_the_picture_is_found(finder, portraits):
    image = portraits[0]
    box = finder.find(image)[0].box
    tight = image.crop((int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height)))
    found = finder.find(tight)
    assert found
    assert found[0].box.iou(Box(0, 0, *tight.size)) > 0.5


def test_a_known_face_needs_no_close_up(finder, monkeypatch):
    portrait = Image.open(PORTRAIT).convert("RGB")
    (known,) = finder.find(portrait)
    regions = []
    detect = BlazeFace.detect

    def watched(network, image, where, size):
        regions.append((network.settings.side, len(where)))
        return detect(network, image, where, size)

    monkeypatch.setattr(BlazeFace, "detect", watched)
    assert finder.find(portrait) == [known]
    assert regions == [(128, 1), (192, 1)]  # both networks, each on the whole picture


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 5000), (5000, 1), (3, 4000), (4000, 37)])
def test_any_size_is_looked_at(finder, size):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert finder.find(Image.fromarray(noise)) == []


def test_boxes_scale_with_the_picture(finder, portraits):
    image = portraits[0]
    box = finder.find(image)[0].box
    half = finder.find(image.resize((image.width // 2, image.height // 2)))[0].box
    assert half.scaled(2).iou(box) > 0.9


def test_a_region_is_the_same_alone_and_among_others(finder, portraits):
    image = portraits[0]
    side = float(max(image.size))
    regions = np.array([[0, 0, side, side], [-9, -9, side / 2, side / 2]], np.float32)
    together = finder.near.detect(image, regions, (128, 128))
    for region, (boxes, scores) in zip(regions, together, strict=True):
        alone = finder.near.detect(image, region[None], (128, 128))[0]
        assert boxes == pytest.approx(alone[0], abs=1e-3)
        assert scores == pytest.approx(alone[1], abs=1e-5)


def test_threads_share_a_finder(portraits):
    finder = FaceFinder(MODELS / FACE_FINDER)  # its far network is not open yet
    small = [image.resize((image.width // 5, image.height // 5)) for image in portraits]
    alone = [FaceFinder(MODELS / FACE_FINDER).find(image) for image in small]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(finder.find, small * 4)) == alone * 4


def test_networks_of_two_versions_are_refused(tmp_path):
    path = shutil.copytree(MODELS / FACE_FINDER, tmp_path / "faces")
    shutil.rmtree(path / "far")
    shutil.copytree(MODELS / FACE_FINDER, path / "far")
    with pytest.raises(ModelError, match="another version"):
        FaceFinder(path).far  # noqa: B018


@pytest.mark.slow
@pytest.mark.shared
def test_faces_of_shared_portraits_are_found(finder, shared_faces):
    with (shared_faces / "manifest.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["source"] in ("ffhq", "ushouse", "sd3")]
    rows = rows[::5]
    found = 0
    for row in rows:
        faces = finder.find(Image.open(shared_faces / row["path"]).convert("RGB"))
        truth = Box(*(float(row[f"face_{side}"]) for side in "xywh"))
        found += bool(faces) and faces[0].box.iou(truth) > 0.5
    assert found >= 0.98 * len(rows)
