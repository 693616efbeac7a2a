"""The worst mistakes of a model, false alarms and misses, as an HTML report with heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks._progress import Begin, no_progress
from benchmarks.accuracy._degradations import CLEAN
from benchmarks.accuracy._measure import Run, Scored
from fakeface import Detector
from fakeface.files import replacing
from fakeface.reports import open_report
from train.data import Sample


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The worst mistakes of a model on pictures as they are.

    Attributes:
        alarms: Photographs that it calls `fake`, the highest score first.
        misses: AI pictures that it calls `real`, the lowest score first.
        all_alarms: Number of all false alarms.
        all_misses: Number of all misses.
        photographs: Number of photographs in which a face was found.
        generated: Number of AI pictures in which a face was found.
    """

    alarms: tuple[Sample, ...]
    misses: tuple[Sample, ...]
    all_alarms: int
    all_misses: int
    photographs: int
    generated: int


def find_mistakes(run: Run, model: str, most: int) -> Mistakes:
    """Choose the worst mistakes of a model.

    Args:
        run: Scores, among them those of `clean` pictures.
        model: Name of the model.
        most: How many of each kind at most.

    Returns:
        The mistakes; only on pictures in which the face finder finds a face, since users see no
        others.

    Raises:
        ValueError: Pictures were not scored as they are.
    """
    scored = _clean_scores(run, model)
    found = (np.array(scored.boxes) == "finder") & ~np.isnan(scored.p_fake)
    is_ai = np.array([sample.label == 0 for sample in run.samples])
    alarms = found & ~is_ai & (scored.p_fake >= scored.thresholds.fake)
    misses = found & is_ai & (scored.p_fake < scored.thresholds.real)
    return Mistakes(
        _first(run.samples, alarms, -scored.p_fake, most),
        _first(run.samples, misses, scored.p_fake, most),
        int(alarms.sum()),
        int(misses.sum()),
        int((found & ~is_ai).sum()),
        int((found & is_ai).sum()),
    )


def _clean_scores(run: Run, model: str) -> Scored:
    for scored in run.scored:
        if scored.model == model and scored.degradation == CLEAN.name:
            return scored
    raise ValueError(f"mistakes are shown of pictures as they are: add --degradation {CLEAN.name}")


def _first(
    samples: Sequence[Sample],
    members: npt.NDArray[np.bool_],
    order: npt.NDArray[np.float64],
    most: int,
) -> tuple[Sample, ...]:
    indices = np.flatnonzero(members)
    ordered = indices[np.argsort(order[indices], kind="stable")][:most]
    return tuple(samples[i] for i in ordered.tolist())


def write_mistakes(
    run: Run, model: Path, most: int, out: Path, threads: int | None, begin: Begin = no_progress
) -> Path:
    """Write an HTML report of the worst mistakes of a model, with heat maps.

    Args:
        run: Scores of it.
        model: Its directory.
        most: How many of each kind at most.
        out: Folder to write `mistakes-NAME.html` to.
        threads: Threads of the model; None for one per processor.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        The file.

    Raises:
        ModelError: The model cannot run.
        ReportError: The file cannot be written.
        ValueError: Pictures were not scored as they are.
    """
    detector = Detector(model, provider="cpu", threads=threads, explain=True)
    found = find_mistakes(run, detector.model, most)
    samples = [*found.alarms, *found.misses]
    advance = begin(f"mistakes: {detector.model}", len(samples))
    page = out / f"mistakes-{detector.model}.html"
    out.mkdir(parents=True, exist_ok=True)
    with replacing(page) as new, open_report("html", new) as report:
        report.describe(detector)
        report.title = f"The worst mistakes of {detector.info.name} {detector.info.version}"
        report.note = _note(found, run.splits())
        for prediction in detector.predict_batch([str(sample.path) for sample in samples]):
            report.write(prediction)
            advance(1)
    return page


def _note(found: Mistakes, splits: Sequence[str]) -> str:
    return (
        f"Chosen from {found.photographs:,} photographs and {found.generated:,} AI pictures"
        f" ({', '.join(splits)}), so shares on this page mean nothing. Verdict fake: false alarms,"
        f" {_of(len(found.alarms), found.all_alarms)}, the highest scores. Verdict real: misses,"
        f" {_of(len(found.misses), found.all_misses)}, the lowest scores. The folder of a picture"
        " says what it is."
    )


def _of(shown: int, every: int) -> str:
    return f"all {every:,}" if shown == every else f"{shown:,} of {every:,}"
