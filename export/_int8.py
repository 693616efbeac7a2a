"""Quantises a model directory to int8, and rejects the result unless it is as accurate."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from export._card import card
from export._directory import write_model
from export._errors import ExportError, QuantizationRejectedError
from export._golden import precision_of, write_golden
from export._quantize import KEPT, quantize
from export._run import figures
from fakeface import ModelInfo
from fakeface.inference import Classifier, classify
from fakeface.model_directory import load_model
from train.command_line import console, invocation, progress
from train.data import Cache, Data, Sample, load_data, locate
from train.evaluate import Calibration, Scores, evaluate
from train.fitting import crop_batches

AUC_LOSS = 0.005
"""Largest loss of AUC on `test` that is accepted."""

CHANGED = 0.01
"""Largest fraction of `test` whose verdict may change."""

BATCH = 1e-3
"""Largest difference of `p_fake` allowed between a picture alone and the same in a batch."""

CROPS = 64
"""Crops of `train` that ranges are measured on."""

_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both models on the pictures of `test`, under the thresholds that they share.

    Attributes:
        pictures: Number of pictures of `test`.
        auc_fp32: AUC in fp32.
        auc: AUC of the quantised model.
        changed: Fraction of the pictures whose verdict changed.
        changes: Number of changes by kind, such as `real to uncertain`.
        largest: Largest change of `p_fake`.
        batch: Largest difference of `p_fake` between a picture alone and in a batch.
    """

    pictures: int
    auc_fp32: float
    auc: float
    changed: float
    changes: dict[str, int]
    largest: float
    batch: float

    def violations(self) -> list[str]:
        """Return what fails the acceptance test, in words; empty if it passes."""
        out = []
        if self.auc < self.auc_fp32 - AUC_LOSS:
            out.append(
                f"AUC {self.auc:.4f} instead of {self.auc_fp32:.4f}, a loss of more than"
                f" {AUC_LOSS:g}"
            )
        if self.changed > CHANGED:
            changes = ", ".join(f"{count} {change}" for change, count in self.changes.items())
            out.append(
                f"{self.changed:.2%} of the verdicts changed where {CHANGED:.0%} is allowed"
                f" ({changes})"
            )
        if self.batch > BATCH:
            out.append(
                f"a picture scores differently alone and in a batch, by {self.batch:.1e} where"
                f" {BATCH:.0e} is allowed"
            )
        return out


def export_int8(
    model: Path, folder: Path, cache: Path, out: Path, name: str
) -> tuple[ModelInfo, Comparison]:
    """Quantise a classifier, and write it if it passes the acceptance test.

    Args:
        model: Model directory in fp32.
        folder: Folder of the pictures that it was trained on.
        cache: Cache folder of `python -m train`: digests and faces found.
        out: Model directory to write.
        name: Name of the quantised model.

    Returns:
        The description as written, and the comparison with the fp32 model.

    Raises:
        ExportError: The model is quantised already.
        QuantizationRejectedError: It failed the acceptance test; nothing was written.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    import onnx

    info, encoded = load_model(model, "classifier")
    assert info.crop is not None
    graph = onnx.load_from_string(encoded)
    if precision_of(graph) != "fp32":
        raise ExportError(f"{info.name} is quantised already; name the fp32 model")
    data, warning = _read_data(info, folder, cache)
    train, test = data.split("train"), data.split("test")
    count = min(CROPS, len(train) // 4 * 4)
    sampled = random.Random(0).sample(train, count)
    console.print(f"measuring ranges on {count} crops of train, for minutes", soft_wrap=True)
    quantised = quantize(graph, next(crop_batches([sampled], info.crop)))
    made: dict[str, Any] = {
        "from": {"name": info.name, "version": info.version, "sha256": info.sha256},
        "scheme": {"method": "percentile", "target": "x86", "kept_in_fp32": KEPT},
        "calibration": {"crops": count, "split": "train"},
        "data": data.fingerprint(),
        **({"warning": warning} if warning else {}),
        "with": {package: version_of(package) for package in ("onnx", "onnxruntime")},
        "by": invocation("export"),
    }
    described = replace(
        info,
        name=name,
        settings={**info.settings, "precision": "int8"},
        provenance={**info.provenance, "quantised": made},
        figures={},
    )
    with tempfile.TemporaryDirectory() as temporary:
        write_model(described, quantised, Path(temporary))
        comparison, p_fake = compare(Classifier(model), Classifier(Path(temporary)), test)
    if violations := comparison.violations():
        raise QuantizationRejectedError(
            f"{name} failed the acceptance test on {comparison.pictures} test pictures:"
            f" {'; '.join(violations)}. Nothing was written"
        )
    made["acceptance_test"] = asdict(comparison)
    described = replace(described, figures=figures({"test": _evaluate(info, test, p_fake)}))
    written = write_model(described, quantised, out)
    (out / "README.md").write_text(card(written, _notes(info, count, comparison)), encoding="utf-8")
    write_golden(out)
    return written, comparison


def _read_data(info: ModelInfo, folder: Path, cache: Path) -> tuple[Data, str | None]:
    """Read a data folder as the model's training did; warn if it is not what it was trained on."""
    remembered = Cache(cache)
    data = load_data(folder, remembered).without_split(("unseen",))
    faces = info.provenance.get("recipe", {}).get("faces", "find")
    data = locate(data, faces, remembered)
    data.check()
    if info.provenance.get("data", {}).get("fingerprint") == data.fingerprint():
        return data, None
    warning = (
        f"{folder} is not the data that {info.name} was trained on: its test split may hold"
        " training pictures"
    )
    console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    return data, warning


def compare(
    original: Classifier, quantised: Classifier, samples: Sequence[Sample]
) -> tuple[Comparison, npt.NDArray[np.float64]]:
    """Score the same crops with both models.

    Args:
        original: The fp32 model.
        quantised: The quantised model.
        samples: Located samples of the split `test`.

    Returns:
        The comparison, and `p_fake` of the quantised model, shape [len(samples)].
    """
    from sklearn.metrics import roc_auc_score

    batches = [samples[i : i + _TOGETHER] for i in range(0, len(samples), _TOGETHER)]
    scores: tuple[list[Any], list[Any]] = ([], [])
    batch = 0.0
    what = "comparing both models on test"
    for crops in progress(crop_batches(batches, original.crop), what, len(batches)):
        together = quantised.predict(crops)
        if not scores[0]:
            alone = np.concatenate([quantised.predict(crop[np.newaxis]) for crop in crops])
            batch = float(np.abs(alone - together).max())
        scores[0].append(original.predict(crops))
        scores[1].append(together)
    before, after = (np.concatenate(parts).astype(np.float64) for parts in scores)
    is_ai = [sample.label == 0 for sample in samples]
    pairs = [
        [classify(float(p), original.thresholds).value for p in pair]
        for pair in zip(before, after, strict=True)
    ]
    changes = Counter(f"{old} to {new}" for old, new in pairs if old != new)
    return Comparison(
        pictures=len(samples),
        auc_fp32=float(roc_auc_score(is_ai, before)),
        auc=float(roc_auc_score(is_ai, after)),
        changed=changes.total() / len(samples),
        changes=dict(changes.most_common()),
        largest=float(np.abs(before - after).max()),
        batch=batch,
    ), after


def _evaluate(
    info: ModelInfo, samples: Sequence[Sample], p_fake: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Compute the metrics of `test` from calibrated probabilities, as `train` does from logits."""
    assert info.thresholds is not None
    recorded = info.settings.get("calibration", {})
    calibration = Calibration(recorded.get("temperature", 1.0), recorded.get("bias", 0.0), "val")
    ai = logit(np.clip(p_fake, 1e-7, 1 - 1e-7))
    scores = Scores.of(samples, (calibration.bias - ai) * calibration.temperature)
    return evaluate(scores, calibration, info.operating_points, info.thresholds)


def _notes(original: ModelInfo, crops: int, comparison: Comparison) -> str:
    """Write the card's section on quantisation."""
    name = f"{original.name} {original.version}"
    rows = {
        "AUC in fp32": f"{comparison.auc_fp32:.4f}",
        "AUC": f"{comparison.auc:.4f}",
        "verdicts that changed": f"{comparison.changed:.2%}",
        **{f"· {change}": str(count) for change, count in comparison.changes.items()},
        "largest change of p_fake": f"{comparison.largest:.3f}",
        "largest difference between single and batch": f"{comparison.batch:.1e}",
    }
    return "\n".join([
        f"Purpose, training data, known failures and licences are those of {name}: read the card"
        " of that model first.",
        "",
        "## How it was quantised",
        "",
        f"{name} (sha256 `{original.sha256[:12]}…`) in int8: U8S8 (unsigned activations, signed"
        " weights), weights per channel. In fp32 are the first fifth of the convolutions, the head"
        f" and the heat map. Ranges were chosen by percentiles, and biases corrected, on {crops}"
        " face crops of `train`; calibration and thresholds are those of the fp32 model.",
        "",
        f"Compared with it on {comparison.pictures} test pictures:",
        "",
        "| metric | value |",
        "|---|---|",
        *(f"| {metric} | {value} |" for metric, value in rows.items()),
        "",
    ])  # fmt: skip
