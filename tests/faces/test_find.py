"""The second look, where the first one finds nothing: upside down, and small in a large picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface import Box, Detector, FaceFinder
from fakeface._model import FACE_FINDER, MODELS
from fakeface.faces import _find, _finder
from fakeface.faces._find import find_faces
from fakeface.images._decode import Picture
from fakeface.preprocessing import preprocess
from tests._models import make_classifier


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(MODELS / FACE_FINDER)


@pytest.fixture(scope="module")
def portrait(samples: Path) -> Image.Image:
    return Image.open(samples / "real" / "obama.jpg").convert("RGB")


def group(portrait: Image.Image, size: tuple[int, int], face: float) -> tuple[Image.Image, Box]:
    """A large picture with one small face, and where the portrait lies in it."""
    scale = face / 348  # its face has that many pixels
    small = portrait.resize((round(portrait.width * scale), round(portrait.height * scale)))
    picture = Image.effect_noise(size, 20).convert("RGB")
    at = (round(size[0] * 0.71), round(size[1] * 0.37))
    picture.paste(small, at)
    return picture, Box(*at, *small.size)


def test_a_portrait_upside_down_is_found_and_its_crop_is_upright(
    finder: FaceFinder, portrait: Image.Image
) -> None:
    upside_down = portrait.transpose(Image.Transpose.ROTATE_180)
    assert not finder.find(upside_down)
    detector = Detector(whole=False, threads=1)
    spec = detector.classifier.crop
    (face,) = find_faces(Picture(upside_down), finder)
    (upright,) = find_faces(Picture(portrait), finder)
    assert (face.upside_down, upright.upside_down) == (True, False)
    turned_back = Box(
        portrait.width - face.box.x - face.box.width,
        portrait.height - face.box.y - face.box.height,
        face.box.width,
        face.box.height,
    )
    assert turned_back.iou(upright.box) > 0.9
    crops = [preprocess(picture, finder, spec, 48).crops[0] for picture in (upside_down, portrait)]
    assert np.abs(crops[0].astype(int) - crops[1]).mean() < 6
    found, expected = detector.predict(upside_down), detector.predict(portrait)
    assert found.p_fake == pytest.approx(expected.p_fake, abs=0.1)
    maps = [prediction.faces[0].heatmap for prediction in (found, expected)]
    assert maps[0] is not None
    assert maps[1] is not None
    correlation = np.corrcoef(maps[0].values[::-1, ::-1].ravel(), maps[1].values.ravel())[0, 1]
    assert correlation > 0.9


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(6000, 1500), (6000, 4500)])
def test_a_small_face_in_a_large_picture_is_found(
    finder: FaceFinder, portrait: Image.Image, size: tuple[int, int], kind: str
) -> None:
    picture, where = group(portrait, size, 80)
    file = io.BytesIO()
    picture.save(file, kind, compress_level=1)  # quickly
    assert not finder.find(picture)
    (face,) = find_faces(Picture(file.getvalue()), finder)
    assert where.x < face.box.x < face.box.x + face.box.width < where.x + where.width
    assert 60 < face.box.side < 110


def test_a_picture_with_a_face_is_looked_at_once(
    finder: FaceFinder, portrait: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(FaceFinder, "find_small", no)
    monkeypatch.setattr(FaceFinder, "find_upside_down", no)
    large = portrait.resize((2000, 2500))
    assert find_faces(Picture(large), finder)


@pytest.mark.parametrize("size", [(20_000, 6_000), (120_000_000, 1), (1, 70_000), (1_700, 900)])
def test_tiles_cover_any_picture_and_are_few(finder: FaceFinder, size: tuple[int, int]) -> None:
    settings = finder.far.settings
    tiles = list(_finder._tiles(size, settings.smallest / _find.SMALL_FACE, settings))
    assert 1 <= len(tiles) <= _finder.MAX_TILES
    regions = np.concatenate([region for region, _ in tiles])
    assert regions[:, :2].min(axis=0) == pytest.approx([0, 0])
    assert regions[:, 2:].max(axis=0) == pytest.approx(size, rel=1e-6)
    for width, height in {inputs for _, inputs in tiles}:
        assert width <= 640
        assert height <= 640
        assert width % settings.multiple == height % settings.multiple == 0


def test_a_crowd_of_false_faces_stays_bounded(
    finder: FaceFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = finder.far

    def crowded(image: object, region: np.ndarray, size: object) -> list[tuple[object, object]]:
        at = np.linspace(0, 500, 64, dtype=np.float32)[:, np.newaxis]
        boxes = region[:, :2].repeat(64, 0) + np.hstack([at, at])
        return [(np.hstack([boxes, boxes + 5]), np.full(64, 0.9, np.float32))]

    asked = []
    monkeypatch.setattr(far, "detect", crowded)
    monkeypatch.setattr(
        _finder, "_confirm", lambda network, image, boxes, scores: asked.append(boxes) or scores
    )
    found = finder.find_small(Image.new("RGB", (4000, 3000)), 64)
    assert len(found) == len(asked[0]) == 64


def test_a_landscape_has_no_face(samples: Path, tmp_path: Path) -> None:
    cat = Image.open(samples / "other" / "cat.png").convert("RGB").resize((4000, 2660))
    detector = Detector(make_classifier(tmp_path / "red"), threads=1)
    assert detector.predict(cat).verdict == "no_face"
