"""Profiles, transparency, and what else stands between the numbers in a file and a screen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from fakeface.images._decode import Picture
from tests.hostile._profiles import DISPLAY_P3, GREY_GAMMA_1, SRGB_LIKE, profile
from tests.hostile._seed import encode, face

needs_cms = pytest.mark.skipif(not features.check("littlecms2"), reason="no Little CMS")


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Picture(data).load()[0]).astype(int)


def in_p3(image: Image.Image) -> Image.Image:
    """The same colours in Display P3."""
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.createProfile("sRGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(profile(DISPLAY_P3))),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert converted is not None
    del converted.info["icc_profile"]
    return converted


@needs_cms
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_display_p3_comes_out_as_srgb(kind: str) -> None:
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}
    data = encode(in_p3(face()), kind, icc_profile=profile(DISPLAY_P3), **options.get(kind, {}))
    away = np.abs(pixels(data) - np.asarray(face()))
    assert away.mean() < (1.5 if kind == "JPEG" else 0.6)
    without = encode(in_p3(face()), kind, **options.get(kind, {}))
    assert np.abs(pixels(without) - np.asarray(face())).mean() > 1.5


@needs_cms
def test_alpha_stays_where_it_was() -> None:
    clear = in_p3(face()).convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 40, 40))
    found = pixels(encode(clear, "PNG", icc_profile=profile(DISPLAY_P3)))
    assert (found[:40, :40] == 255).all()
    assert np.abs(found[40:] - np.asarray(face())[40:]).mean() < 0.6


@needs_cms
def test_a_grey_profile_counts_too() -> None:
    grey = Image.new("L", (8, 8), 55)
    found = pixels(encode(grey, "PNG", icc_profile=profile(GREY_GAMMA_1)))
    assert np.abs(found - 128).max() <= 2  # linear light


@pytest.mark.parametrize(
    "icc",
    [
        profile(SRGB_LIKE),
        b"",
        bytes(range(256)),
        profile(GREY_GAMMA_1),  # of another mode
        profile(DISPLAY_P3)[:300],
        profile(DISPLAY_P3)[:128] + b"\xff" * 400,
    ],
    ids=["srgb", "none", "noise", "of grey", "cut off", "broken"],
)
def test_other_profiles_change_nothing(icc: bytes) -> None:
    assert (pixels(encode(face(), "PNG", icc_profile=icc)) == np.asarray(face())).all()


@needs_cms
def test_profiles_of_srgb_by_little_cms_change_nothing() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert (pixels(encode(face(), "PNG", icc_profile=icc)) == np.asarray(face())).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_picture_that_is_transparent_everywhere_is_opaque(kind: str, mode: str) -> None:
    if (kind, mode) == ("WEBP", "LA"):
        pytest.skip("WebP has no grey")
    plain = face().convert("L" if mode == "LA" else "RGB")
    clear = plain.convert(mode)
    clear.putalpha(0)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    assert (pixels(encode(clear, kind, **options)) == np.asarray(plain.convert("RGB"))).all()


def test_a_bitmap_whose_alpha_is_zero_is_opaque() -> None:
    clear = face().convert("RGBA")
    clear.putalpha(0)
    assert (pixels(encode(clear, "BMP")) == np.asarray(face())).all()
