"""The modules that need no browser, against Pillow and the library."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakeface import Box
from fakeface.preprocessing import crop_box
from fakeface.provenance import vocabulary
from tests.export.web._node import call, needs_node, pixels

pytestmark = needs_node

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("name", FILTERS)
def test_resizing_is_pillows_to_the_bit(name: str) -> None:
    rng = random.Random(7)
    cases: list[tuple[Image.Image, tuple[int, int], tuple[float, ...], float | None]] = [
        (noise(61, 47), (61, 47), (0, 0, 61, 47), None),
        (noise(33, 20), (33, 11), (0, 0, 33, 20), None),
        (noise(640, 31), (16, 16), (0, 0, 640, 31), None),
    ]
    for gap in (None, None, None, 2.0, 1.75):
        image = noise(rng.randint(40, 200), rng.randint(40, 200))
        left, top = rng.uniform(0, image.width / 2), rng.uniform(0, image.height / 2)
        right, bottom = rng.uniform(left + 9, image.width), rng.uniform(top + 9, image.height)
        size = (rng.randint(3, 60), rng.randint(3, 60))
        cases.append((image, size, (left, top, right, bottom), gap))
    given = call(
        "raster", *(["resize", image, size, name, box, gap] for image, size, box, gap in cases)
    )
    for raster, (image, size, box, gap) in zip(given, cases, strict=True):
        right_one = image.resize(size, FILTERS[name], box=box, reducing_gap=gap)
        assert np.array_equal(pixels(raster), np.asarray(right_one)), (size, box, gap)


@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (4, 4), (8, 8), (5, 7)])
def test_reducing_is_pillows_to_the_bit(factors: tuple[int, int]) -> None:
    image = noise(83, 59)
    box = (5, 3, 80, 51)
    whole, part = call("raster", ["reduce", image, *factors], ["reduce", image, *factors, box])
    assert np.array_equal(pixels(whole), np.asarray(image.reduce(factors)))
    assert np.array_equal(pixels(part), np.asarray(image.reduce(factors, box)))


def test_crops_are_those_of_the_library() -> None:
    rng = random.Random(3)
    cases: list[tuple[Box, tuple[int, int], float]] = []
    for _ in range(50):
        size = (rng.randint(50, 900), rng.randint(50, 900))
        box = Box(
            rng.uniform(-40, 800), rng.uniform(-40, 800), rng.uniform(5, 500), rng.uniform(5, 500)
        )
        cases.append((box, size, rng.choice([1.0, 1.5, 2.2])))
    corners = [[b.x, b.y, b.x + b.width, b.y + b.height] for b, _, _ in cases]
    given = call(
        "crop",
        *(
            ["cropSquare", c, size, margin]
            for c, (_, size, margin) in zip(corners, cases, strict=True)
        ),
    )
    for square, case in zip(given, cases, strict=True):
        right = crop_box(*case)
        assert square == pytest.approx([right.x, right.y, right.side], abs=1e-9)


def test_of_boxes_that_overlap_the_weighted_mean_stays() -> None:
    faces = [
        {"box": [0, 0, 10, 10], "score": 0.9},
        {"box": [1, 1, 11, 11], "score": 0.6},
        {"box": [50, 50, 60, 60], "score": 0.7},
    ]
    (merged, apart) = call("boxes", ["suppress", faces, 0.3], ["suppress", faces, 0.9])
    assert [face["score"] for face in merged] == [0.9, 0.7]
    assert merged[0]["box"] == pytest.approx([0.4, 0.4, 10.4, 10.4])
    assert len(apart) == 3


def test_halves_are_rounded_as_in_python() -> None:
    values = [0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 7.0]
    assert call("boxes", *(["round", value] for value in values)) == [round(v) for v in values]


def test_anchors_share_the_centre_of_their_cell() -> None:
    (centres,) = call("boxes", ["anchors", [32, 16], [8, 16], [2, 6]])
    assert len(centres) == 2 * (4 * 2 * 2 + 2 * 1 * 6)
    assert centres[:6] == [4, 4, 4, 4, 12, 4]
    assert centres[-2:] == [24, 8]


SNIFFED: dict[str, Any] = {
    "jpeg": b"\xff\xd8\xff\xe0", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a", "tiff": b"MM\0*",
    "webp": b"RIFF\0\0\0\0WEBP", "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "bmp": b"BM" + bytes(12) + b"\x28\0\0\0",
    None: b"%PDF-1.7",
}  # fmt: skip


def test_formats_are_told_by_their_first_bytes() -> None:
    found = call("format", *(["formatOf", head] for head in SNIFFED.values()))
    assert found == list(SNIFFED)


def test_a_digital_source_type_is_read_by_its_term() -> None:
    base = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    _, *found = call(
        "vocabulary",
        ["useWords", vocabulary()],
        ["sourceType", f"{base}trainedAlgorithmicMedia"],
        ["sourceType", "digitalCapture"],
        ["sourceType", f"{base}screenCapture"],
        ["sourceType", ""],
        ["program", "Adobe Photoshop 25.0"],
        ["program", "Made with Google AI"],
        ["program", "Edited with Google AI"],
    )
    assert [each and each["claim"] for each in found[:4]] == ["ai", "camera", "unknown", None]
    assert found[4:] == ["edited", "ai", "ai_edited"]


def test_the_reduction_is_the_largest_that_is_allowed() -> None:
    limits = [0.3, 1, 1.9, 2, 3.99, 4, 7.9, 8, 100]
    found = call("crop", *(["reductionFactor", limit] for limit in limits))
    assert found == [max(f for f in (1, 2, 4, 8) if f <= max(limit, 1)) for limit in limits]
    assert math.prod(found) > 1
