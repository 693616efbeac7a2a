"""Writes the folder of a site: the page, the models, what runs them, and licences."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from export._errors import ExportError
from export.web._npm import HASHES, ONNXRUNTIME, fetch
from fakeface import Detector, ModelInfo, __version__
from fakeface.diagnostics import GOLDEN, PICTURES, Golden
from fakeface.model_directory import FACE_FINDER, MODELS, find_model, load_model
from fakeface.provenance import vocabulary
from fakeface.reports import empty_report, live_page, page_facts

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_DESCRIPTION = "detector.json"
_INLINE = ("entry.js", "judge-web.js", "sw.js")
"""Modules that stand in the page itself, and the program that keeps the site offline."""

_WHERE = "the model in this page, on your own device, and nowhere else"
_POLICY = {
    "connect-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
}
_HEAD = """<meta http-equiv="Content-Security-Policy" content="{{policy}}">
<meta name="referrer" content="no-referrer">
<link rel="manifest" href="manifest.webmanifest">"""


@dataclass(frozen=True, slots=True)
class Site:
    """A site as written.

    Attributes:
        path: Its folder.
        model: The model in it.
        size: Bytes of all files.
    """

    path: Path
    model: ModelInfo
    size: int


def write_site(model: str | None, out: Path, packages: Path | None = None) -> Site:
    """Write a site.

    Args:
        model: Name or directory of the model; None for the default.
        out: The folder; a site that is there is replaced.
        packages: Folder with the archives of npm packages; None to fetch them.

    Returns:
        What was written.

    Raises:
        ExportError: `out` holds something else, or a package cannot be had.
        ModelError: The model cannot be used, or has no golden scores.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _is_site(out))):
        raise ExportError(f"{out} exists and is no site of this command; name another folder")
    detector = Detector(None if model is None else find_model(model), "cpu", 1)
    files = {**_models(detector.info), **_vendor(packages), **_modules(), **_page(detector)}
    files |= {f"pictures/{path.name}": path.read_bytes() for path in sorted(PICTURES.glob("*.jpg"))}
    files["licences.txt"] = _licences(detector.info, files.pop("LICENSE"))
    policy = files.pop("policy").decode()
    files["sw.js"] = _service_worker(files, detector.info.sha256, policy)
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    for name, data in files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if out.exists():
        shutil.rmtree(out)
    new.rename(out)
    return Site(out, detector.info, sum(map(len, files.values())))


def _is_site(out: Path) -> bool:
    return (out / _DESCRIPTION).is_file() and (out / "sw.js").is_file()


def _models(info: ModelInfo) -> dict[str, bytes]:
    """The files of the model and of both networks of the face finder, checked once more."""
    files = {}
    finder = MODELS / FACE_FINDER
    for name, path in {"model": info.path, "faces": finder, "faces/far": finder / "far"}.items():
        _, network = load_model(path, "classifier" if name == "model" else "face-finder")
        files[f"models/{name}/model.onnx"] = network
        files[f"models/{name}/model.json"] = (path / "model.json").read_bytes()
        if (card := path / "README.md").is_file():
            files[f"models/{name}/README.md"] = card.read_bytes()
    return files


def _vendor(packages: Path | None) -> dict[str, bytes]:
    """What runs the models, and the licence of one package, which goes with the others."""
    runtime, hashes = (fetch(package, packages) for package in (ONNXRUNTIME, HASHES))
    licence = hashes.pop("LICENSE")
    return {
        "LICENSE": licence,
        **{f"vendor/{ONNXRUNTIME.name}/{name}": data for name, data in runtime.items()},
        **{f"vendor/{HASHES.name}/{name}": data for name, data in hashes.items()},
    }


def _modules() -> dict[str, bytes]:
    modules = [path for path in sorted((_HERE / "js").glob("*.js")) if path.name not in _INLINE]
    files = {f"js/{path.name}": path.read_bytes() for path in modules}
    return files | {path.name: path.read_bytes() for path in sorted((_HERE / "static").iterdir())}


def _page(detector: Detector) -> dict[str, bytes]:
    html, policy = live_page(_HERE / "js" / "entry.js", where=_WHERE, policy=_POLICY, head=_HEAD)
    return {
        "index.html": html.encode(),
        "policy": policy.encode(),
        "report.html": empty_report().encode(),
        _DESCRIPTION: json.dumps(_description(detector), indent=1).encode(),
    }


def _description(detector: Detector) -> dict[str, Any]:
    """What the page and its detector need to know, beside the models' own descriptions."""
    facts = page_facts(detector, "")
    golden = Golden.read(detector.info.path / GOLDEN, detector.model)
    checks = [
        {"source": p.source, "verdict": p.verdict and p.verdict.value, "p_fake": p.p_fake}
        for p in golden.predictions
    ]
    return {
        "format": 1,
        "fakeface": __version__,
        "runtime": ONNXRUNTIME.version,
        "name": facts["model"],
        "model": "models/model/",
        "faces": "models/faces/",
        "settings": facts["settings"],
        "min_face": detector.min_face,
        "about": facts["about"],
        "words": vocabulary(),
        "golden": {"tolerance": golden.tolerance.other, "predictions": checks},
    }


def _licences(info: ModelInfo, hashes: bytes) -> bytes:
    runtime = distribution("onnxruntime")  # the same project, whose npm package has no such files
    texts = {
        f"fakeface {__version__}": _text(_ROOT / "LICENSE") + "\n" + _text(_ROOT / "NOTICE"),
        f"Model {info.name} {info.version}": info.licence or "See its model.json.",
        "Face finder": "MediaPipe BlazeFace, Apache-2.0, The MediaPipe Authors (text above).",
        f"{ONNXRUNTIME.name} {ONNXRUNTIME.version}": "\n".join(
            _text(Path(str(runtime.locate_file(f"onnxruntime/{name}"))))
            for name in ("LICENSE", "ThirdPartyNotices.txt")
        ),
        f"{HASHES.name} {HASHES.version}": hashes.decode("utf-8", "replace"),
    }
    return "\n\n".join(f"== {name}\n\n{text.strip()}" for name, text in texts.items()).encode()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _service_worker(files: dict[str, bytes], model: str, policy: str) -> bytes:
    """Fill in the files of the site, and the version that they make together."""
    digest = hashlib.sha256(policy.encode())
    for name, data in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
    kept = ["./", *sorted(name for name in files if not name.endswith((".md", ".txt")))]
    values = {
        "version": f"{model[:16]} {digest.hexdigest()[:16]}",
        "files": json.dumps(kept),
        "policy": policy,
    }
    template = _text(_HERE / "js" / "sw.js")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], template).encode()
