"""From `p_fake` of the faces to the verdict of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from fakeface._errors import ModelError
from fakeface._model import ModelInfo
from fakeface._thresholds import Thresholds
from fakeface.preprocessing import Preprocessed
from fakeface.types import Face, Prediction, ReadPrediction, Verdict
from fakeface.types._heatmap import Heatmap


def classify(p_fake: float, thresholds: Thresholds) -> Verdict:
    """Return the verdict of one face: `fake`, `uncertain` or `real`."""
    if p_fake >= thresholds.fake:
        return Verdict.FAKE
    return Verdict.REAL if p_fake < thresholds.real else Verdict.UNCERTAIN


def choose_thresholds(
    info: ModelInfo, default: Thresholds, threshold: float | None, fpr: float | None
) -> Thresholds:
    """Return the thresholds that a caller has chosen.

    Args:
        info: Description of the model, with its operating points.
        default: The default thresholds of the model.
        threshold: A threshold of the caller: fake at or above it, real below, never uncertain.
        fpr: A false positive rate that the model has an operating point for. The lower threshold
            stays, or is lowered to the new one.

    Returns:
        The thresholds to use.

    Raises:
        ModelError: The model has no operating point for `fpr`.
        ValueError: Both are given, or `threshold` is outside 0 to 1.
    """
    if threshold is not None and fpr is not None:
        raise ValueError("give threshold or fpr, not both")
    if threshold is not None:
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be 0 to 1, got {threshold}")
        return Thresholds(fake=threshold, real=threshold)
    if fpr is None:
        return default
    for point in info.operating_points:
        if abs(point.fpr - fpr) < 1e-9:
            return Thresholds(fake=point.threshold, real=min(default.real, point.threshold))
    known = ", ".join(f"{point.fpr:g}" for point in info.operating_points) or "none"
    raise ModelError(info.name, f"has no operating point at fpr {fpr:g}; it has: {known}")


def aggregate(
    preprocessed: Preprocessed,
    p_fake: Iterable[float],
    thresholds: Thresholds,
    model: str,
    settings: str = "",
    heatmaps: Sequence[Heatmap] = (),
) -> ReadPrediction:
    """Combine the faces of a picture and their scores into a prediction.

    Args:
        preprocessed: The picture and its faces.
        p_fake: Scores of the scored faces, in order, 0 to 1.
        thresholds: The thresholds between the verdicts.
        model: Name of the model.
        settings: Fingerprint of the detector (`Detector.settings`).
        heatmaps: Heat maps of the scored faces, in order; empty for none.

    Returns:
        The prediction; its verdict is that of the most suspicious face.
    """
    scores, maps = iter(p_fake), iter(heatmaps)
    faces = []
    for detection, scored in zip(preprocessed.faces, preprocessed.scored, strict=True):
        if scored:
            p = float(next(scores))
            faces.append(
                Face(detection.box, detection.score, p, classify(p, thresholds), next(maps, None))
            )
        else:
            faces.append(Face(detection.box, detection.score, None, Verdict.TOO_SMALL))
    worst = max((face.p_fake for face in faces if face.p_fake is not None), default=None)
    if worst is not None:
        verdict = classify(worst, thresholds)
    else:
        verdict = Verdict.TOO_SMALL if faces else Verdict.NO_FACE
    prediction = Prediction(
        source=preprocessed.name,
        model=model,
        settings=settings,
        verdict=verdict,
        p_fake=worst,
        faces=tuple(faces),
        size=preprocessed.size,
        digest=preprocessed.digest,
        provenance=preprocessed.provenance,
        frames=preprocessed.frames,
        frame=preprocessed.frame,
    )
    return cast("ReadPrediction", prediction)
