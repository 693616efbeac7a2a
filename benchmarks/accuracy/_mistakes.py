"""The worst mistakes of a model, false alarms and misses, as an HTML report with heat maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy._degradations import CLEAN
from benchmarks.accuracy._measure import Run
from fakeface import Detector
from fakeface.files import replacing
from fakeface.reports import open_report
from train.command_line import progress
from train.data import Sample


def find_mistakes(run: Run, model: str, most: int) -> tuple[list[Sample], list[Sample], str]:
    """Choose the worst mistakes of a model on pictures as they are.

    Args:
        run: Scores, among them those of `clean` pictures.
        model: Name of the model.
        most: How many of each kind at most.

    Returns:
        False alarms (photographs called `fake`, the highest score first), misses (AI pictures
        called `real`, the lowest score first), and what they were chosen from. Only pictures in
        which the face finder finds a face count, since users see no others.
    """
    clean = next(s for s in run.scored if (s.model, s.degradation) == (model, CLEAN.name))
    p_fake, thresholds = clean.p_fake, clean.thresholds
    found = (np.array(clean.boxes) == "finder") & ~np.isnan(p_fake)
    is_ai = np.array([sample.label == 0 for sample in run.samples])
    by_score = np.argsort(p_fake, kind="stable")
    called_fake = found & ~is_ai & (p_fake >= thresholds.fake)
    called_real = found & is_ai & (p_fake < thresholds.real)
    alarms = [run.samples[i] for i in by_score[::-1] if called_fake[i]]
    misses = [run.samples[i] for i in by_score if called_real[i]]
    note = (
        f"Chosen from {(found & ~is_ai).sum():,} photographs and {(found & is_ai).sum():,} AI"
        f" pictures ({', '.join(run.splits())}), so shares on this page mean nothing. Verdict fake:"
        f" the highest scores of {len(alarms):,} false alarms. Verdict real: the lowest scores of"
        f" {len(misses):,} misses. The folder of a picture says what it is."
    )
    return alarms[:most], misses[:most], note


def write_mistakes(run: Run, model: Path, most: int, out: Path, threads: int | None) -> Path:
    """Write an HTML report of the worst mistakes of a model, with heat maps.

    Args:
        run: Scores of it.
        model: Its directory.
        most: How many of each kind at most.
        out: Folder to write `mistakes-NAME.html` to.
        threads: Threads of the model; None for one per processor.

    Returns:
        The file.

    Raises:
        ModelError: The model cannot run.
        ReportError: The file cannot be written.
    """
    detector = Detector(model, provider="cpu", threads=threads, explain=True)
    alarms, misses, note = find_mistakes(run, detector.model, most)
    paths = [str(sample.path) for sample in (*alarms, *misses)]
    page = out / f"mistakes-{detector.model}.html"
    with replacing(page) as new, open_report("html", new) as report:
        report.describe(detector)
        report.title = f"The worst mistakes of {detector.info.name} {detector.info.version}"
        report.note = note
        what = f"mistakes: {detector.model}"
        for prediction in progress(detector.predict_batch(paths), what, len(paths)):
            report.write(prediction)
    return page
