"""Packages of npm that a site is made with: fetched by `npm pack`, and checked."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from export._errors import ExportError


@dataclass(frozen=True, slots=True)
class Package:
    """A package of npm, in one version.

    Attributes:
        name: Its name.
        version: Its version.
        integrity: SHA-512 of its archive, as npm writes it.
        files: Paths in the archive of the files that are taken.
    """

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def archive(self) -> str:
        """Name of the file that `npm pack` writes."""
        return f"{self.name}-{self.version}.tgz"


ONNXRUNTIME = Package(
    "onnxruntime-web",
    "1.30.0",
    "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
    (
        "dist/ort.wasm.min.mjs",
        "dist/ort-wasm-simd-threaded.mjs",
        "dist/ort-wasm-simd-threaded.wasm",
    ),
)
"""ONNX Runtime for WebAssembly; its other builds, for WebGPU, are twice as large."""

HASHES = Package(
    "hash-wasm",
    "4.13.0",
    "sha512-GrWl7wsV46fKIXQZB5ebskLZLAmKL6d9RS0fspCxDeQyjoNu1AfTJTMLPOJyfzaQm0ldFiwFN21/w+sE/kgEFQ==",
    ("LICENSE", "dist/blake2b.umd.min.js", "dist/sha256.umd.min.js"),
)
"""BLAKE2b and SHA-256 for digests of files."""

PACKAGES = (ONNXRUNTIME, HASHES)


def fetch(package: Package, folder: Path | None = None) -> dict[str, bytes]:
    """Return the files of a package, once its archive is the one expected.

    Args:
        package: The package.
        folder: Folder that holds its archive already; None to fetch it with `npm pack`.

    Returns:
        Their bytes, by name without folders.

    Raises:
        ExportError: The archive cannot be had, or is another one.
    """
    data = _fetched(package) if folder is None else _read(package, folder)
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise ExportError(
            f"{package.archive} is not the archive that was expected (sha512-{digest[:12]}…"
            f" instead of {package.integrity[:19]}…); fetch it again: {_command(package)}"
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            return {Path(name).name: _member(archive, name) for name in package.files}
    except (tarfile.TarError, KeyError) as error:
        raise ExportError(f"{package.archive}: {error}") from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    if file is None:
        raise KeyError(f"{name} is no file")
    return file.read()


def _read(package: Package, folder: Path) -> bytes:
    try:
        return (folder / package.archive).read_bytes()
    except OSError as error:
        raise ExportError(
            f"{folder} has no {package.archive} that can be read; in it run: {_command(package)}"
        ) from error


def _command(package: Package) -> str:
    return f"npm pack {package.name}@{package.version}"


def _fetched(package: Package) -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        raise ExportError(
            "npm is not installed, which fetches the parts that run in browsers: install Node.js,"
            f" or run `{_command(package)}` elsewhere and name the folder with --packages"
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join(done.stderr.split())[:300]
            raise ExportError(f"`{_command(package)}` failed: {said}")
        return _read(package, Path(folder))
