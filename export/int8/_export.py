"""Quantises a model directory to int8, and rejects the result unless it is as accurate."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logit, ndtr

from export._card import card
from export._directory import write_model
from export._errors import QuantizationError, QuantizationRejectedError
from export._golden import precision_of, write_golden
from export._run import figures
from export.int8._acceptance import Acceptance, compare, rejection_message
from export.int8._card import notes as card_notes
from export.int8._graph import Crops, Doubles
from export.int8._quantize import METHODS, Scheme, isolated_nodes
from export.int8._recalibrate import Line, apply_line, fit_line, logits
from export.int8._samples import crop_samples, read_data, stratified_sample
from export.int8._search import QUICK_METHODS, Deadline, Layer, QuantisationSearch, Trial
from fakeface import ModelInfo, Thresholds
from fakeface.inference import Classifier
from fakeface.model_directory import load_model
from train.command_line import console, invocation, progress
from train.data import Data
from train.evaluate import Calibration, Scores, evaluate

if TYPE_CHECKING:
    import onnx

MAX_EXPECTED_CHANGE = 0.009
"""Fraction of verdicts that may be expected to change on `val`: the most sensitive layers return to
fp32 one by one until it is met. Mostly they are the first of a network, where feature maps are
large and traces of generators fine, and int8 gains least."""

MOST_VAL = 2000
"""Most pictures of `val` that calibration is fitted on."""

SEED = 0

STEPS = 6
"""Steps of an export, as its progress counts them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to quantise, and how.

    Attributes:
        model: Model directory in fp32.
        data: Folder of the pictures that it was trained on.
        cache: Folder of cached digests and faces.
        out: Model directory to write.
        name: Name of the quantised model.
        scheme: Gives the target; the rest is searched for.
        crops: Crops of `train` to calibrate on, and as many others to compare schemes on.
        most_fp32: How many layers the search may keep in fp32, the most sensitive first.
        allow: Whether to write a model that fails the acceptance test.
        quick: Whether to compare only `QUICK_METHODS`.
        minutes: Minutes after which the search takes the best scheme so far; None for no limit.
    """

    model: Path
    data: Path
    cache: Path
    out: Path
    name: str
    scheme: Scheme = field(default_factory=Scheme)
    crops: int = 256
    most_fp32: int = 8
    allow: bool = False
    quick: bool = False
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """Outcome of the search."""

    trials: list[Trial]
    layers: list[Layer]
    kept_in_fp32: tuple[str, ...]
    line: Line
    steps: list[dict[str, Any]]


def export_int8(request: Request) -> tuple[ModelInfo, Acceptance]:
    """Quantise a classifier, and write it if it passes the acceptance test.

    Args:
        request: What to quantise, and how.

    Returns:
        The description as written, and the comparison with the fp32 model.

    Raises:
        QuantizationError: The model is quantised already.
        QuantizationRejectedError: It failed the acceptance test; nothing was written.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    import onnx

    info, encoded = load_model(request.model, "classifier")
    model = onnx.load_from_string(encoded)
    if precision_of(model) != "fp32":
        raise QuantizationError(f"{info.name} is quantised already; name the fp32 model")
    data, warning = read_data(info, request.data, request.cache)
    if warning:
        console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    quantised, choice = _quantise(model, info, data, request)
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
        acceptance, p_fake = compare(
            Classifier(request.model),
            Classifier(path),
            samples,
            _step(6, "comparing both models on test"),
        )
    if acceptance.violations() and not request.allow:
        raise QuantizationRejectedError(
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


def _quantise(
    model: onnx.ModelProto, info: ModelInfo, data: Data, request: Request
) -> tuple[onnx.ModelProto, _Choice]:
    """Search on crops of `train`; choose the fp32 layers and the calibration on `val`."""
    assert info.crop is not None
    assert info.thresholds is not None
    deadline = Deadline.after(request.minutes)
    sampled = stratified_sample(data.split("train"), 2 * request.crops, SEED)
    crops = crop_samples(sampled, info.crop, _step(1, "cropping faces of train"))
    half = len(crops) // 2
    search = QuantisationSearch(model, crops[:half], crops[half:], deadline)
    methods = QUICK_METHODS if request.quick else METHODS
    trials = search.compare_schemes(request.scheme, methods, _step(2, "comparing schemes"))
    for trial in trials:
        console.print(_line_of(trial), markup=False, soft_wrap=True)
    scheme = trials[0].scheme
    layers = search.sensitivity(scheme, _step(3, "measuring the sensitivity of layers"))
    val = data.split("val")
    val = stratified_sample(val, MOST_VAL, SEED) if len(val) > MOST_VAL else val
    crops = crop_samples(val, info.crop, _step(4, "cropping faces of val"))
    wanted = logits(model, crops)
    best: tuple[float, onnx.ModelProto, _Choice] | None = None
    steps: list[dict[str, Any]] = []
    counts = range(min(request.most_fp32, len(layers)) + 1)
    order = _by_sensitivity(layers)
    kept_in_fp32: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    for count in progress(counts, _step(5, "keeping sensitive layers in fp32"), len(counts)):
        layer = tuple(order[max(count - 1, 0) : count])
        for more in dict.fromkeys([(*kept_in_fp32, *waiting, *layer), (*kept_in_fp32, *layer)]):
            quantised = search.build(scheme, more)
            if not isolated_nodes(quantised):
                break
        else:  # it may not stay in fp32 alone: try again with its neighbours
            waiting = (*waiting, *layer)
            continue
        kept_in_fp32, waiting = more, tuple(name for name in waiting if name not in more)
        line, step = _on_val(quantised, crops, wanted, info.thresholds)
        steps.append({"kept_in_fp32": len(kept_in_fp32), **step})
        console.print(
            f"{len(kept_in_fp32)} layers in fp32: noise {step['noise']:.3f}; on val"
            f" {step['changed']:.2%} of verdicts change, {step['expected']:.2%} expected",
            markup=False,
            soft_wrap=True,
        )
        if best is None or step["expected"] < best[0]:
            choice = _Choice(trials, layers, kept_in_fp32, line, steps)
            best = step["expected"], quantised, choice
        if step["expected"] <= MAX_EXPECTED_CHANGE or deadline.passed:
            break
    if deadline.passed:
        console.print(
            f"the search ended after {request.minutes:g} minutes with the best so far:"
            f" {len(trials)} schemes compared, up to {len(kept_in_fp32)} layers in fp32",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    assert best is not None  # with no layer in fp32 none is isolated
    return best[1], best[2]


def _by_sensitivity(layers: list[Layer]) -> list[str]:
    """Return the names of layers, the most sensitive first; those not measured last, in order."""
    return [layer.name for layer in sorted(layers, key=lambda layer: -(layer.noise or 0.0))]


def _step(number: int, name: str) -> str:
    """Return the name of a step with its number; off a terminal announce it."""
    text = f"step {number} of {STEPS}: {name}"
    if not console.is_terminal:
        console.print(text, markup=False, soft_wrap=True)
    return text


def _on_val(
    quantised: onnx.ModelProto, crops: Crops, wanted: Doubles, thresholds: Thresholds
) -> tuple[Line, dict[str, float]]:
    """Fit the calibration on `val`, and return it with the fraction of verdicts that change.

    The expected fraction spreads every picture's logit by the noise: it is more stable than the
    fraction of those that did change, which stands beside it.
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
    equalised = "none" if scheme.equalise is None else f"{scheme.equalise:g}"
    return (
        f"noise {trial.noise:.3f}, shift {trial.shift:+.3f}: ranges by {scheme.method}, weights"
        f" rounded by {scheme.rounding}, equalisation {equalised}"
    )


def _provenance(
    request: Request, info: ModelInfo, data: Data, choice: _Choice, warning: str | None
) -> dict[str, Any]:
    """Return what made the quantised model, for `model.json`."""
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
        "by": invocation("export"),
    }


def _logits_of_real(info: ModelInfo, p_fake: Doubles) -> Doubles:
    """Return the head's logits of Real, as `train` writes them, from calibrated probabilities."""
    calibration = _calibration(info)
    inside = np.clip(p_fake, 1e-7, 1 - 1e-7)
    return np.asarray((calibration.bias - logit(inside)) * calibration.temperature)


def _calibration(info: ModelInfo) -> Calibration:
    recorded = info.settings.get("calibration", {})
    return Calibration(recorded.get("temperature", 1.0), recorded.get("bias", 0.0), "val")


def _figures(info: ModelInfo, scores: Scores) -> dict[str, Any]:
    assert info.thresholds is not None
    return evaluate(scores, _calibration(info), info.operating_points, info.thresholds)
