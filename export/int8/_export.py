"""From a model directory in fp32 to one in 8-bit numbers, or a rejection_message that says why."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit, ndtr

from export._card import card
from export._directory import write_model
from export._golden import precision_of, write_golden
from export._run import figures
from export.int8._acceptance import Acceptance, compare, rejection_message
from export.int8._card import notes as card_notes
from export.int8._graph import Crops, Doubles
from export.int8._quantize import QuantizationError, Scheme, isolated_nodes
from export.int8._recalibrate import Line, apply_line, fit_line, logits
from export.int8._samples import crop_samples, read_data, stratified_sample
from export.int8._search import Layer, QuantisationSearch, Trial
from fakeface import ModelInfo, Thresholds
from fakeface.inference import Classifier
from fakeface.model_directory import load_model
from train._progress import console
from train.data._dataset import Data
from train.evaluate._calibration import Calibration
from train.evaluate._report import evaluate
from train.evaluate._scores import Scores

if TYPE_CHECKING:
    import onnx

GOAL = 0.009
"""Share of verdicts that may be expected to change on `val`: the first layers go to float one
after the other until then. Noise enters there, where maps are large and traces of generators
fine, and 8 bits gain least."""

MOST_VAL = 2000
"""Most pictures of `val` that calibration is fitted on."""

SEED = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be made.

    Attributes:
        model: Model directory in fp32.
        data: Folder of the pictures that it was trained on.
        cache: Where digests and faces are remembered.
        out: Model directory to write.
        name: Name of the quantised model.
        scheme: For which processor; how is searched for.
        crops: Crops of `train` to measure on, and as many others to compare on.
        most_fp32: How many of the first layers the search may keep in fp32.
        allow: Whether a model that fails the acceptance test is written all the same.
    """

    model: Path
    data: Path
    cache: Path
    out: Path
    name: str
    scheme: Scheme
    crops: int = 256
    most_fp32: int = 8
    allow: bool = False


@dataclass(frozen=True, slots=True)
class _Choice:
    """What the search came to."""

    trials: list[Trial]
    layers: list[Layer]
    kept_in_fp32: tuple[str, ...]
    line: Line
    steps: list[dict[str, Any]]


def export_int8(request: Request) -> tuple[ModelInfo, Acceptance]:
    """Quantise a classifier; nothing is written unless it judges as it did.

    Args:
        request: What is to be made.

    Returns:
        The description as written, and how it compares with the model in fp32.

    Raises:
        QuantizationError: It is quantised already, or not good enough afterwards.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    import onnx

    info, encoded = load_model(request.model, "classifier")
    model = onnx.load_from_string(encoded)
    if precision_of(model) != "fp32":
        raise QuantizationError(f"{info.name} is quantised already; name the model in fp32")
    data, warning = read_data(info, request.data, request.cache)
    if warning:
        console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    quantised, choice = _quantised(model, info, data, request)
    described = apply_line(quantised, info, choice.line)
    described = replace(
        described,
        name=request.name,
        settings={**described.settings, "precision": "int8"},
        provenance={
            **info.provenance,
            "quantised": _provenance(request, info, data, choice, warning),
        },
        figures={},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        write_model(described, quantised, path)
        samples = data.split("test")
        acceptance, p_fake = compare(Classifier(request.model), Classifier(path), samples)
    if acceptance.violations() and not request.allow:
        raise QuantizationError(
            rejection_message(described, acceptance, choice.layers, choice.kept_in_fp32)
        )
    described.provenance["quantised"]["acceptance_test"] = {
        **acceptance.as_dict(),
        "violations": acceptance.violations(),
    }
    measured = {"test": _figures(described, Scores.of(samples, _logits_of_real(described, p_fake)))}
    written = write_model(replace(described, figures=figures(measured)), quantised, request.out)
    text = card(written, card_notes(written, info, acceptance))
    (request.out / "README.md").write_text(text, encoding="utf-8")
    write_golden(request.out)
    return written, acceptance


def _quantised(
    model: onnx.ModelProto, info: ModelInfo, data: Data, request: Request
) -> tuple[onnx.ModelProto, _Choice]:
    """Search on crops of `train`, choose the layers in fp32 and the calibration on `val`."""
    assert info.crop is not None
    assert info.thresholds is not None
    sampled = stratified_sample(data.split("train"), 2 * request.crops, SEED)
    half = len(sampled) // 2
    search = QuantisationSearch(
        model, crop_samples(sampled[:half], info.crop), crop_samples(sampled[half:], info.crop)
    )
    trials = search.compare_schemes(request.scheme)
    for trial in trials:
        console.print(_line_of(trial), markup=False, soft_wrap=True)
    scheme = trials[0].scheme
    layers = search.sensitivity(scheme)
    val = data.split("val")
    crops = crop_samples(
        stratified_sample(val, MOST_VAL, SEED) if len(val) > MOST_VAL else val, info.crop
    )
    wanted = logits(model, crops)
    best: tuple[float, onnx.ModelProto, _Choice] | None = None
    steps: list[dict[str, Any]] = []
    for count in range(min(request.most_fp32, len(layers)) + 1):
        kept_in_fp32 = tuple(search.layers()[:count])
        quantised = search.build(scheme, kept_in_fp32)
        if isolated_nodes(quantised):
            continue
        line, step = _on_val(quantised, crops, wanted, info.thresholds)
        steps.append({"kept_in_fp32": count, **step})
        console.print(
            f"first {count} layers in fp32: noise {step['noise']:.3f},"
            f" {step['expected']:.2%} of verdicts expected to change, {step['changed']:.2%} do"
            " on val",
            markup=False,
            soft_wrap=True,
        )
        if best is None or step["expected"] < best[0]:
            best = step["expected"], quantised, _Choice(trials, layers, kept_in_fp32, line, steps)
        if step["expected"] <= GOAL:
            break
    assert best is not None
    return best[1], best[2]


def _on_val(
    quantised: onnx.ModelProto, crops: Crops, wanted: Doubles, thresholds: Thresholds
) -> tuple[Line, dict[str, float]]:
    """Fit the calibration, and tell how many verdicts change.

    The share expected to change spreads every picture's logit by the noise: it is steadier than
    the count of those that did change, which stands beside it.
    """
    found = logits(quantised, crops)
    line = fit_line(found, wanted)
    after = line(found)
    noise = float((after - wanted).std())
    bounds = logit([thresholds.real, thresholds.fake])
    expected = float(sum(ndtr(-np.abs(wanted - bound) / noise).mean() for bound in bounds))
    changed = (np.digitize(after, bounds) != np.digitize(wanted, bounds)).mean()
    return line, {"noise": noise, "expected": expected, "changed": float(changed)}


def _line_of(trial: Trial) -> str:
    scheme = trial.scheme
    way = f"{scheme.method}, weights rounded by {scheme.rounding}, equalised: {scheme.equalise}"
    return f"noise {trial.noise:.3f}, shift {trial.shift:+.3f}: {way}"


def _provenance(
    request: Request, info: ModelInfo, data: Data, choice: _Choice, warning: str | None
) -> dict[str, Any]:
    """What made the quantised model."""
    best = choice.trials[0]
    return {
        "from": {"name": info.name, "version": info.version, "sha256": info.sha256},
        "scheme": best.scheme.as_dict(),
        "kept_in_fp32": list(choice.kept_in_fp32),
        "calibration": {
            "crops": request.crops,
            "split": "train",
            "slope": choice.line.slope,
            "offset": choice.line.offset,
            "fitted_on": "val, to the logits in fp32",
        },
        "data": data.fingerprint(),
        **({"warning": warning} if warning else {}),
        "tried": [trial.as_dict() for trial in choice.trials],
        "steps": choice.steps,
        "layers": [
            {
                "name": layer.name,
                "noise": layer.noise,
                "precision": "fp32" if layer.name in choice.kept_in_fp32 else "int8",
            }
            for layer in choice.layers
        ],
        "with": {name: version_of(name) for name in ("onnx", "onnxruntime")},
        "by": shlex.join(["python", "-m", "export", *sys.argv[1:]]),
    }


def _logits_of_real(info: ModelInfo, p_fake: Doubles) -> Doubles:
    """The head's logits of Real, as `train` writes them, from calibrated probabilities."""
    calibration = _calibration(info)
    inside = np.clip(p_fake, 1e-7, 1 - 1e-7)
    return np.asarray((calibration.bias - logit(inside)) * calibration.temperature)


def _calibration(info: ModelInfo) -> Calibration:
    told = info.settings.get("calibration", {})
    return Calibration(told.get("temperature", 1.0), told.get("bias", 0.0), "val")


def _figures(info: ModelInfo, scores: Scores) -> dict[str, Any]:
    assert info.thresholds is not None
    return evaluate(scores, _calibration(info), info.operating_points, info.thresholds)
