"""What callers give: named pictures, BGR frames, texts that are no paths, one picture as a list."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakeface import Detector, ImageError
from fakeface import _processors as processors
from tests.hostile._seed import seed


@pytest.fixture(scope="module")
def detector(red: str) -> Detector:
    return Detector(red, "cpu", whole=True)


RED = np.full((64, 64, 3), (230, 30, 30), np.uint8)


@pytest.mark.parametrize(
    "source", [seed("JPEG"), io.BytesIO(seed("PNG")), RED], ids=["b", "f", "a"]
)
def test_a_picture_can_be_given_a_name(detector: Detector, source: Any) -> None:
    assert detector.predict(source, name="upload 7").source == "upload 7"


def test_an_error_has_the_name_too(detector: Detector) -> None:
    with pytest.raises(ImageError, match=r"^upload 7: is not a picture") as caught:
        detector.predict(b"nothing", name="upload 7")
    assert caught.value.source == "upload 7"


def test_frames_of_videos_are_blue_green_red(detector: Detector) -> None:
    frame = np.ascontiguousarray(RED[..., ::-1])
    assert detector.predict(frame).verdict == "real"
    assert detector.predict(frame, bgr=True).verdict == "fake"
    assert detector.predict(frame, bgr=True) == detector.predict(RED)
    with pytest.raises(TypeError, match="bgr is for arrays, got a bytes"):
        detector.predict(seed("JPEG"), bgr=True)
    with pytest.raises(ImageError, match="uint8 RGB"):
        detector.predict(frame[..., 0], bgr=True)


@pytest.mark.parametrize(
    "picture",
    [
        RED,
        RED[..., 0],
        Image.fromarray(RED),
    ],
    ids=["array", "grey", "image"],
)
def test_one_picture_is_no_list(detector: Detector, picture: Any) -> None:
    with pytest.raises(TypeError, match=r"write predict\(picture\)"):
        detector.predict_batch(picture)


def test_lists_of_any_kind_are(detector: Detector) -> None:
    for many in (np.stack([RED, RED]), (p for p in [RED, RED])):
        assert [p.verdict for p in detector.predict_batch(many)] == ["fake", "fake"]


BASE64 = base64.b64encode(seed("JPEG")).decode()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (BASE64, "base64.b64decode"),
        (f"data:image/jpeg;base64,{BASE64[:400]}", "base64.b64decode"),
        ("https://example.org/a.jpg", "download it first"),
        ("s3://bucket/a.jpg", "download it first"),
        ("x" * 5000, "is text, not a path"),
        ("missing.jpg", "no such file"),
        ("x" * 250 + ".jpg", "no such file"),
    ],
    ids=["base64", "data", "https", "s3", "long", "missing", "long name"],
)
def test_texts_that_are_no_paths(detector: Detector, text: str, hint: str) -> None:
    with pytest.raises(ImageError, match=hint) as caught:
        detector.predict(text)
    assert len(str(caught.value)) < 600


def test_a_file_at_its_end_says_so(detector: Detector) -> None:
    file = io.BytesIO(seed("JPEG"))
    file.read()
    with pytest.raises(ImageError, match=r"seek\(0\)"):
        detector.predict(file)


@pytest.mark.parametrize("number", [0, 257, 10_000])
def test_threads_and_workers_are_bounded(detector: Detector, number: int) -> None:
    with pytest.raises(ValueError, match="threads must be 1 to 256"):
        Detector(threads=number)
    with pytest.raises(ValueError, match="workers must be 1 to 256"):
        detector.predict_batch([RED], workers=number)


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu.max": "nonsense"}, None),
        ({}, None),
    ],
)
def test_quotas_of_cgroups(files: dict[str, str], quota: float | None, tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")
    assert processors.cpu_quota(tmp_path) == quota


def test_a_quota_bounds_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    for quota, most in ((0.5, 1), (1.2, 2), (1e9, 256)):
        monkeypatch.setattr(processors, "cpu_quota", lambda quota=quota: quota)
        assert processors.default_threads() <= most
