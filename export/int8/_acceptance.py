"""Acceptance test: a quantised model against its fp32 model, on pictures of `test`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from export.int8._graph import Crops, Doubles
from export.int8._network import Layer
from export.int8._samples import score
from fakeface import ModelInfo, Thresholds, Verdict
from fakeface.inference import Classifier, classify
from train.data import Sample

AUC_LOSS = 0.005
"""Largest loss of AUC on `test` that is accepted."""

CHANGED = 0.01
"""Largest fraction of `test` whose verdict may change."""

BATCH = 1e-3
"""Largest difference of `p_fake` allowed between a picture alone and the same in a batch."""

_TOGETHER = 32
_NAMED = 6


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Comparison of both models, each with its own thresholds.

    Attributes:
        pictures: Number of pictures of `test`.
        auc_fp32: AUC in fp32.
        auc: AUC of the quantised model.
        changed: Fraction of the pictures whose verdict changed.
        changes: Number of changes by kind, such as `real to uncertain`.
        turned: Fraction of the pictures that went from `fake` to `real` or back.
        largest: Largest change of `p_fake`.
        batch: Largest difference of `p_fake` between a picture alone and in a batch.
    """

    pictures: int
    auc_fp32: float
    auc: float
    changed: float
    changes: dict[str, int]
    turned: float
    largest: float
    batch: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    def violations(self) -> list[str]:
        """Return what fails the test, in words; empty if it passes."""
        out = []
        if self.auc < self.auc_fp32 - AUC_LOSS:
            out.append(
                f"AUC {self.auc:.4f} instead of {self.auc_fp32:.4f}, a loss of"
                f" {self.auc_fp32 - self.auc:.4f} where {AUC_LOSS:g} is allowed"
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


def compare(
    original: Classifier,
    quantised: Classifier,
    samples: Sequence[Sample],
    what: str = "comparing both models on test",
) -> tuple[Acceptance, Doubles]:
    """Score the same crops with both models.

    Args:
        original: The fp32 model.
        quantised: The quantised model.
        samples: Located samples of the split `test`.
        what: What to call it in the progress.

    Returns:
        The comparison, and `p_fake` of the quantised model, shape [len(samples)].
    """
    from sklearn.metrics import roc_auc_score

    together: list[float] = []

    def predict_quantised(crops: Crops) -> npt.NDArray[np.float32]:
        p_fake = quantised.predict(crops)
        for crop, p in zip(crops[: max(0, _TOGETHER - len(together))], p_fake, strict=False):
            together.append(abs(float(quantised.predict(crop[np.newaxis])[0]) - float(p)))
        return p_fake

    wanted, found = score(samples, quantised.crop, [original.predict, predict_quantised], what)
    is_ai = np.array([sample.label == 0 for sample in samples])
    before, after = _verdicts(wanted, original.thresholds), _verdicts(found, quantised.thresholds)
    changes = Counter(
        f"{old.value} to {new.value}" for old, new in zip(before, after, strict=True) if old != new
    )
    extremes = {f"{a.value} to {b.value}" for a, b in (_ENDS, _ENDS[::-1])}
    return Acceptance(
        pictures=len(samples),
        auc_fp32=float(roc_auc_score(is_ai, wanted)),
        auc=float(roc_auc_score(is_ai, found)),
        changed=changes.total() / len(samples),
        changes=dict(changes.most_common()),
        turned=sum(changes[change] for change in extremes) / len(samples),
        largest=float(np.abs(wanted - found).max()),
        batch=max(together),
    ), found


_ENDS = (Verdict.FAKE, Verdict.REAL)


def _verdicts(p_fake: Doubles, thresholds: Thresholds) -> list[Verdict]:
    return [classify(float(p), thresholds) for p in p_fake]


def rejection_message(
    info: ModelInfo, acceptance: Acceptance, layers: Sequence[Layer], kept_in_fp32: Sequence[str]
) -> str:
    """Explain why a quantised model is rejected, which layers are sensitive, and what to do.

    Args:
        info: The quantised model.
        acceptance: The comparison.
        layers: Sensitivities, where they were measured.
        kept_in_fp32: Layers that are in fp32.

    Returns:
        A message of several lines.
    """
    noise = {
        layer.name: layer.noise
        for layer in layers
        if layer.name not in kept_in_fp32 and layer.noise is not None
    }
    sensitive = sorted(noise, key=lambda name: -noise[name])[:_NAMED]
    lines = [
        f"{info.name} failed the acceptance test on {acceptance.pictures} test pictures:",
        *(f"  {violation}" for violation in acceptance.violations()),
    ]
    more = ""
    if sensitive:
        lines += [
            f"{len(kept_in_fp32)} convolutions are in fp32; the most sensitive of the others, by"
            " the noise of the logit when only that one is quantised:",
            *(f"  {noise[name]:.3f}  {name}" for name in sensitive),
        ]
        more = "keep more layers in fp32 (--most-float), "
    return "\n".join([
        *lines,
        f"nothing was written; {more}fit it on more crops (--crops), or write it with its"
        " violations in the card (--allow)",
    ])  # fmt: skip
