import csv
import hashlib
import io
import tarfile
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from fakeface.types import Box
from train.data._cache import Cache
from train.data._collect import Chosen, collect, read_table
from train.data._dataset import load_data
from train.errors import DataError

ASTRONAUT = Path(__file__).parents[3] / "samples" / "real" / "astronaut.png"


def moving() -> bytes:
    """A picture of three frames: red, green, blue."""
    frames = [Image.new("RGB", (200, 100), colour) for colour in ("red", "lime", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return buffer.getvalue()


def chosen(content: bytes, file: str, **changes: object) -> Chosen:
    fields = {
        "registry": "pypi",
        "package": "pictures",
        "version": "1.0",
        "file": file,
        "sha256": hashlib.sha256(content).hexdigest(),
        "frame": 0,
        "box": Box(60, 20, 50, 50),
        "label": "AI",
        "origin": "shipped",
        "generator": "g",
        "split": "train",
        "licence": "MIT",
    }
    return Chosen(**(fields | changes))


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A wheel and an npm archive, as if downloaded before."""
    root = tmp_path / "downloads"
    wheel = root / "pypi" / "pictures" / "1.0"
    wheel.mkdir(parents=True)
    with zipfile.ZipFile(wheel / "pictures-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("pictures/moving.webp", moving())
        archive.writestr("pictures/broken.webp", b"no picture")
    npm = root / "npm" / "@team+faces" / "2.0"
    npm.mkdir(parents=True)
    with tarfile.open(npm / "team-faces-2.0.tgz", "w:gz") as archive:
        archive.add(ASTRONAUT, "package/astronaut.png")
    return root


def astronaut(**changes: object) -> Chosen:
    changes = {"registry": "npm", "package": "@team/faces", "version": "2.0"} | changes
    where = Box(170, 60, 110, 110)
    return chosen(
        ASTRONAUT.read_bytes(), "package/astronaut.png", box=where, label="Real", **changes
    )


def test_faces_are_cut_out_of_wheels_and_npm_archives(tmp_path, downloads):
    frame = chosen(moving(), "pictures/moving.webp", frame=1)
    assert collect([frame, astronaut()], tmp_path / "out", downloads) == []
    with Image.open(tmp_path / "out" / frame.name) as image:
        assert image.format == "JPEG"
        assert image.size == (80, 80)  # 1.6 times the face
        red, green, blue = image.getpixel((40, 40))
        assert green > 200
        assert max(red, blue) < 60
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["AI", "Real"]
    assert rows[1]["origin"] == "npm @team/faces 2.0: package/astronaut.png"


def test_what_is_there_is_not_cut_again(tmp_path, downloads):
    collect([astronaut()], tmp_path / "out", downloads)
    path = tmp_path / "out" / astronaut().name
    before = path.stat().st_mtime_ns
    assert collect([astronaut()], tmp_path / "out", tmp_path / "nothing-here") == []
    assert path.stat().st_mtime_ns == before


def test_a_file_that_changed_is_left_out_and_named(tmp_path, downloads):
    other = chosen(b"something else", "pictures/moving.webp")
    gone = chosen(moving(), "pictures/gone.webp")
    broken = chosen(b"no picture", "pictures/broken.webp")
    late = chosen(moving(), "pictures/moving.webp", frame=7)
    problems = collect([other, gone, broken, late, astronaut()], tmp_path / "out", downloads)
    assert len(problems) == 4
    for file in ("moving.webp is not", "gone.webp is not", "broken.webp", "moving.webp"):
        assert any(file in problem for problem in problems)
    with (tmp_path / "out" / "manifest.csv").open(encoding="utf-8") as file:
        assert [row["path"] for row in csv.DictReader(file)] == [astronaut().name]


def test_a_package_that_cannot_be_had_is_left_out_and_named(tmp_path, downloads, monkeypatch):
    monkeypatch.setenv("PATH", "")
    unknown = astronaut(package="@team/unknown", frame=1)
    problems = collect([unknown, astronaut()], tmp_path / "out", downloads)
    assert len(problems) == 1
    assert "npm is not installed" in problems[0]
    assert (tmp_path / "out" / astronaut().name).exists()


@pytest.mark.parametrize("name", ["AI/gan/a.png", "AI/flat.png", "flat.png"])
def test_another_data_folder_becomes_part_of_it_and_is_left_as_it_was(
    name, tmp_path, downloads, manifest
):
    """Whatever its layout: what is collected must not land in it, nor replace its manifest."""
    beside = manifest({"path": name, "label": "AI", "source": "flat", "split": "train"})
    (beside / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (90, 90), (1, 0, 0)).save(beside / name)
    before = {path: path.read_bytes() for path in beside.rglob("*") if path.is_file()}
    made = {"label": "AI", "origin": "made", "split": "test", "box": Box(150, 60, 110, 110)}
    generated, out = replace(astronaut(), **made), tmp_path / "out"
    for _ in range(2):
        assert collect([generated, astronaut()], out, downloads, beside) == []
    assert {path: path.read_bytes() for path in beside.rglob("*") if path.is_file()} == before
    data = load_data(out, Cache(tmp_path / "cache"))
    assert {s.name for s in data.samples} == {name, generated.name, astronaut().name}
    assert (out / name).resolve() == (beside / name).resolve()
    assert not (out / name).parent.is_symlink()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../a.png", "outside"),
        ("/a.png", "outside"),
        ("Real/there.png", "is there already"),
        ("Real/shipped/a.png", "its source Real/shipped has the name of one"),
    ],
)
def test_links_that_would_go_wrong_are_refused(path, message, tmp_path, downloads, manifest):
    beside = manifest({"path": path, "label": "Real", "source": "club", "split": "train"})
    (tmp_path / "out" / "Real").mkdir(parents=True)
    (tmp_path / "out" / "Real" / "there.png").write_bytes(b"mine")
    with pytest.raises(DataError, match=message):
        collect([astronaut()], tmp_path / "out", downloads, beside)
    with pytest.raises(DataError, match="beside itself"):
        collect([astronaut()], beside, downloads, beside)
    with pytest.raises(DataError, match="has no manifest"):
        collect([astronaut()], tmp_path / "out", downloads, tmp_path)


def test_the_table_is_sound():
    table = read_table()
    assert len({one.name for one in table}) == len(table)
    assert {one.label for one in table} <= {"AI", "Real"}
    assert {one.split for one in table} <= {"train", "val", "test"}
    assert not any(one.package == "openpeople" for one in table)
    for one in table:
        assert one.registry in ("pypi", "npm")
        assert len(one.sha256) == 64
        assert one.box.side >= 60
    splits = Counter()
    for source, generator in {(one.origin, one.generator) for one in table if one.label == "AI"}:
        alike = {one.split for one in table if (one.origin, one.generator) == (source, generator)}
        splits[len(alike)] += 1
    assert set(splits) == {1}  # what one generator made is in one split
