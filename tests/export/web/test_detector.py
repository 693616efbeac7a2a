"""The detector of a site, as an API in a real browser, against the library."""

from __future__ import annotations

import csv
import io
import random
import re
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from fakeface import Detector, ImageError
from fakeface.images import Picture
from tests._pages import Opened, needs_chromium
from tests.export.web.conftest import serve

pytestmark = [pytest.mark.slow, needs_chromium]

ROOT = Path(__file__).parents[3]
PREDICT = """async () => {
  const results = [];
  for (const file of document.getElementById("files").files) {
    try {
      const prediction = await detector.predict(file);
      for (const face of prediction.faces) face.heatmap = face.heatmap && [...face.heatmap.values];
      results.push(prediction);
    } catch (error) {
      results.push({ error: error.message, faces: [] });
    }
  }
  return results;
}"""
DECODE = """async () => {
  const { Picture } = await import("/js/picture.js");
  const results = [];
  for (const file of document.getElementById("files").files) {
    try {
      const picture = await Picture.decode(new Uint8Array(await file.arrayBuffer()));
      const { width, height, data } = picture.load(1);
      results.push({ width, height, data: Array.from(data), frames: picture.frames });
      picture.close();
    } catch (error) {
      results.push({ error: error.message });
    }
  }
  return results;
}"""


@pytest.fixture(scope="module")
def page(browser: Any, url: str) -> Iterator[Any]:
    """A page of the site that has loaded a detector, and nothing else."""
    context = browser.new_context()
    context.set_default_timeout(180_000)
    page = context.new_page()
    page.goto(f"{url}manifest.webmanifest")
    page.evaluate(
        """async () => {
          const input = document.createElement("input");
          Object.assign(input, { type: "file", id: "files", multiple: true });
          document.body.append(input);
          const { Detector } = await import("/js/detector.js");
          window.detector = await Detector.load("/");
        }"""
    )
    yield page
    context.close()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(provider="cpu", threads=1)


def predict(page: Any, paths: list[Path]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for start in range(0, len(paths), 40):
        part = [str(path) for path in paths[start : start + 40]]
        page.set_input_files("#files", part)
        results += page.evaluate(PREDICT)
    return results


def compared(
    page: Any, detector: Detector, paths: list[Path]
) -> tuple[float, list[float], list[float]]:
    """Share of the same verdicts; differences of `p_fake` of small and of large pictures."""
    same, small, large = 0, [], []
    began = time.perf_counter()
    found = predict(page, paths)
    between = time.perf_counter()
    expected = [detector.predict(path) for path in paths]
    ended = time.perf_counter()
    print(  # noqa: T201 -- for docs/browser.md, with -s
        f"{(between - began) / len(paths):.3f} s a picture, the library's"
        f" {(ended - between) / len(paths):.3f}"
    )
    for given, right in zip(found, expected, strict=True):
        same += given["verdict"] == right.verdict.value
        if right.p_fake is not None and given["p_fake"] is not None:
            few = right.size[0] * right.size[1] < 2_000_000
            (small if few else large).append(abs(given["p_fake"] - right.p_fake))
    return same / len(paths), small, large


def test_on_samples_it_gives_the_verdicts_of_the_library(
    page: Any, detector: Detector, samples: Path
) -> None:
    paths = [path for path in sorted(samples.rglob("*.*")) if path.suffix in (".jpg", ".png")]
    same, small, large = compared(page, detector, paths)
    assert same == 1
    assert max(small) < 0.003
    assert max(large) < 0.06


@pytest.mark.shared
def test_on_many_pictures_it_gives_the_verdicts_of_the_library(
    page: Any, detector: Detector, shared_faces: Path, tmp_path: Path
) -> None:
    with (shared_faces / "manifest.csv").open(newline="") as file:
        rows = [row["path"] for row in csv.DictReader(file)]
    chosen = random.Random(5).sample(rows, 400)
    paths = [path for path in map(shared_faces.joinpath, chosen) if path.is_file()][:280]
    for path in paths[:20]:  # what the library reads at a fraction of its size
        with Image.open(path) as image:
            scale = 2600 / max(image.size)
            size = (round(image.width * scale), round(image.height * scale))
            resized = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
        resized.save(large := tmp_path / f"{len(paths)}.jpg", quality=88)
        paths.append(large)
    same, small, large_ones = compared(page, detector, paths)
    print(  # noqa: T201 -- the figures of docs/browser.md, with -s
        f"{len(paths)} pictures: {same:.1%} of verdicts; small: median {np.median(small):.1e},"
        f" 99 % {np.quantile(small, 0.99):.1e}, most {max(small):.1e};"
        f" large: median {np.median(large_ones):.4f}, 95 % {np.quantile(large_ones, 0.95):.4f}"
    )
    assert same >= 0.98
    assert statistics.median(small) < 0.003
    assert np.quantile(small, 0.99) < 0.03
    assert np.quantile(large_ones, 0.95) < 0.06


@pytest.mark.parametrize("kind", ["plain", "upside down", "small in a large picture"])
def test_faces_and_heat_maps_are_those_of_the_library(
    page: Any, detector: Detector, samples: Path, tmp_path: Path, kind: str
) -> None:
    path = samples / "real" / "obama.jpg"
    with Image.open(path) as portrait:
        if kind == "upside down":
            portrait.transpose(Image.Transpose.ROTATE_180).save(path := tmp_path / "turned.png")
        elif kind == "small in a large picture":
            large = Image.effect_noise((2400, 1600), 20).convert("RGB")
            large.paste(portrait.resize((portrait.width // 4, portrait.height // 4)), (1600, 700))
            large.save(path := tmp_path / "large.png", compress_level=1)
    (given,), right = predict(page, [path]), detector.predict(path)
    assert len(given["faces"]) == len(right.faces) == 1
    for face, expected in zip(given["faces"], right.faces, strict=True):
        box = expected.box
        assert face["box"] == pytest.approx([box.x, box.y, box.width, box.height], abs=1)
        assert face["detection_score"] == pytest.approx(expected.score, abs=0.01)
        assert expected.heatmap is not None
        assert face["heatmap"] == pytest.approx(expected.heatmap.values.ravel(), abs=0.3)


def gradient(width: int = 48, height: int = 32) -> Image.Image:
    """Smooth colours, so that compression changes little."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return Image.fromarray((np.stack([x, y, 1 - x], axis=-1) * 255).astype(np.uint8))


def oriented(turn: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def transparent() -> Image.Image:
    image = gradient().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def wide_gamut() -> bytes:
    """A profile with other primaries than sRGB: its red and green are exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    entries = {profile[132 + 12 * n : 136 + 12 * n].decode(): 132 + 12 * n for n in range(count)}
    red, green = entries["rXYZ"] + 4, entries["gXYZ"] + 4
    profile[red : red + 4], profile[green : green + 4] = (
        profile[green : green + 4],
        profile[red : red + 4],
    )
    return bytes(profile)


PICTURES: dict[str, tuple[Callable[[], bytes], int]] = {
    "JPEG": (lambda: encoded(gradient(), "JPEG", quality=95), 3),
    "grey JPEG": (lambda: encoded(gradient().convert("L"), "JPEG", quality=95), 3),
    **{
        f"{kind} turned {turn}": (
            lambda kind=kind, turn=turn: encoded(  # type: ignore[misc]
                gradient(), kind, exif=oriented(turn), **({} if kind == "PNG" else {"quality": 95})
            ),
            4,
        )
        for kind, turns in (("JPEG", range(1, 9)), ("PNG", (3, 6)), ("WEBP", (6, 8)))
        for turn in turns
    },
    "PNG": (lambda: encoded(gradient(), "PNG"), 0),
    "transparent PNG": (lambda: encoded(transparent(), "PNG"), 2),
    "palette": (lambda: encoded(gradient().quantize(32), "PNG"), 0),
    "GIF": (lambda: encoded(gradient().quantize(32), "GIF"), 0),
    "grey of 16 bits": (
        lambda: encoded(
            Image.fromarray(np.linspace(0, 65535, 1536).reshape(32, 48).astype(np.uint16)), "PNG"
        ),
        1,
    ),
    "WebP": (lambda: encoded(gradient(), "WEBP", lossless=True), 0),
    "transparent WebP": (lambda: encoded(transparent(), "WEBP", lossless=True, exact=True), 2),
    "BMP": (lambda: encoded(gradient(), "BMP"), 0),
    "PNG with gamma": (lambda: _with_gamma(encoded(gradient(), "PNG")), 0),
    "another profile": (lambda: encoded(gradient(), "PNG", icc_profile=wide_gamut()), 6),
    "sRGB profile": (
        lambda: encoded(
            gradient(),
            "PNG",
            icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        ),
        2,
    ),
}


def _with_gamma(png: bytes) -> bytes:
    import zlib

    chunk = b"gAMA" + (100_000).to_bytes(4, "big")
    whole = b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return png[:33] + whole + png[33:]


def decode(page: Any, files: list[bytes]) -> list[dict[str, Any]]:
    named = [
        {"name": f"{number}", "mimeType": "image/x-any", "buffer": data}
        for number, data in enumerate(files)
    ]
    page.set_input_files("#files", named)
    results: list[dict[str, Any]] = page.evaluate(DECODE)
    return results


@pytest.fixture(scope="module")
def decoded(page: Any) -> dict[str, dict[str, Any]]:
    results = decode(page, [make() for make, _ in PICTURES.values()])
    return dict(zip(PICTURES, results, strict=True))


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_those_of_the_library(name: str, decoded: dict[str, dict[str, Any]]) -> None:
    make, most = PICTURES[name]
    image, _ = Picture(make()).load()
    given = decoded[name]
    assert (given["width"], given["height"]) == image.size
    pixels: npt.NDArray[Any] = np.array(given["data"]).reshape(image.height, image.width, 4)
    assert np.abs(pixels[..., :3] - np.asarray(image).astype(int)).max() <= most


def frames(kind: str) -> bytes:
    images = [gradient().rotate(90 * number) for number in range(3)]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=50)


def test_frames_are_counted_and_the_first_is_judged(page: Any) -> None:
    files = [frames(kind) for kind in ("GIF", "PNG", "WEBP")]
    for given, data in zip(decode(page, files), files, strict=True):
        picture = Picture(data)
        assert given["frames"] == len(picture.frames) == 3
        image, _ = picture.load()
        pixels: npt.NDArray[Any] = np.array(given["data"]).reshape(image.height, image.width, 4)
        assert np.abs(pixels[..., :3] - np.asarray(image).astype(int)).max() < 40


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "a text": (lambda: b"%PDF-1.7 and more", "not a picture"),
    "broken": (lambda: b"\xff\xd8\xff\xe0 no more", "broken"),
    "cut off": (lambda: encoded(gradient(640, 480), "JPEG")[:4000], "broken"),
    "cut off PNG": (lambda: encoded(gradient(640, 480), "PNG")[:900], "broken"),
    "TIFF": (lambda: encoded(gradient(), "TIFF"), "TIFF"),
    "transparent everywhere": (
        lambda: encoded(Image.new("RGBA", (40, 40), (9, 9, 9, 0)), "PNG"),
        "transparent everywhere",
    ),
    "dark in 16 bits": (
        lambda: encoded(
            Image.fromarray(np.linspace(0, 4095, 1536).reshape(32, 48).astype(np.uint16)), "PNG"
        ),
        "what is white in it is not known",
    ),
}


@pytest.fixture(scope="module")
def refused(page: Any) -> dict[str, dict[str, Any]]:
    return dict(zip(REFUSED, decode(page, [make() for make, _ in REFUSED.values()]), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(
    name: str, refused: dict[str, dict[str, Any]]
) -> None:
    make, reason = REFUSED[name]
    assert reason in refused[name]["error"]
    if name not in ("TIFF", "transparent everywhere"):
        with pytest.raises(ImageError):
            Picture(make()).load()


def test_the_program_in_the_documentation_runs(
    opened: Opened, site: Path, samples: Path, tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    assert program.count("\n") <= 18
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    (folder / "own.html").write_text(program, encoding="utf-8")
    for url in serve(folder):
        opened.context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page = opened(url)
        page.goto(f"{url}own.html")
        page.set_input_files("#file", str(samples / "real" / "obama.jpg"))
        page.get_by_text(re.compile(r"^(real|uncertain|fake) 0\.\d+, \d faces")).wait_for()
