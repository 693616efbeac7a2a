"""Write the page of a run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fakeface.files import replacing
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.data._sample import CLASSES, SPLITS
from train.errors import DataError
from train.evaluate._limits import limits
from train.evaluate._plots import FEWEST, plot_history, plot_roc, plot_scores
from train.evaluate._report import warnings
from train.evaluate._scores import Scores
from train.evaluate._statistics import auc_interval
from train.fitting._run import Run
from train.report import _html as html
from train.report._worst import face_crops, worst

PAGE = "report.html"
"""Name of the page in the run directory."""


def write_report(run: Run, out: Path, cache: Cache, folder: Path | None, most: int) -> Path:
    """Write a page that shows a run.

    Args:
        run: The run.
        out: The file to write.
        cache: Keeps digests and faces.
        folder: The data folder; None for the one that the run recorded. Where that is gone, the
            page has no pictures and says so.
        most: Pictures of each kind of mistake at most; 0 for none.

    Returns:
        `out`.

    Raises:
        DataError: `folder` was given and cannot be used.
        RunError: Scores of the run are missing.
    """
    data, problem = _find_data(run, folder, cache)
    with replacing(out) as new:
        new.write_text(_page(run, data, problem, cache, most), encoding="utf-8")
    return out


def _find_data(run: Run, folder: Path | None, cache: Cache) -> tuple[Data | None, str]:
    """Load the data folder; return None and why where there is none."""
    if folder is not None:
        return load_data(folder, cache), ""
    try:
        return load_data(Path(run.info["folder"]), cache), ""
    except DataError as error:
        return None, f"No pictures ({error}): write the page again with --data FOLDER to see them."


def _page(run: Run, data: Data | None, problem: str, cache: Cache, most: int) -> str:
    test = run.info["metrics"]["test"]
    low, high = test["interval"]
    headline = f"{run.recipe.name}: {test['accuracy']:.1%} of the test pictures are right"
    lede = (
        f"Of {test['pictures']:,} pictures ({test['AI']:,} AI, {test['Real']:,} Real) that it was"
        f" not trained on, with a 95 % interval of {low:.1%} to {high:.1%}. They come from the"
        " same sources as its training pictures: on other generators and cameras expect less."
    )
    lines = warnings(run.info["metrics"].get("val", {}), run.operating_points)
    return html.page(
        headline,
        f"fakeface training report · {run.info['finished']}",
        lede,
        [_sentence(line.removeprefix("WARNING: ")) for line in lines],
        _sections(run, data, problem, cache, most),
    )


def _sections(run: Run, data: Data | None, problem: str, cache: Cache, most: int) -> Iterator[str]:
    metrics: dict[str, Any] = run.info["metrics"]
    scores = {split: run.scores(split) for split in ("test", "unseen") if split in metrics}
    yield html.section("In short", html.facts(_in_short(run, metrics)))
    if "val" in metrics and (lines := limits(run.info["data"]["counts"], metrics)):
        yield html.section("What these figures cannot say", html.bullets(lines))
    yield _thresholds(run, metrics)
    if history := _history(run.path / "history.csv"):
        yield _curves(run, history)
    for split, values in scores.items():
        if (values.labels == 0).any() and (values.labels == 1).any():
            yield _discrimination(run, split, values)
    for split, values in scores.items():
        yield from _mistakes(run, split, values, data, problem, cache, most)
        yield _sources(split, metrics[split])
    yield _data(run)
    yield html.section("What made it", html.facts(_provenance(run)))


def _in_short(run: Run, metrics: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for split in ("val", "test", "unseen"):
        measured = metrics.get(split)
        if measured is None:
            continue
        auc = ""
        if "auc" in measured:
            span = auc_interval(measured["auc"], measured["AI"], measured["Real"])
            auc = f"AUC {measured['auc']:.3f} [{span[0]:.3f}, {span[1]:.3f}], "
        low, high = measured["interval"]
        yield (
            split,
            f"{auc}accuracy {measured['accuracy']:.3f} [{low:.3f}, {high:.3f}],"
            f" {measured['uncertain']:.0%} uncertain; {measured['pictures']:,} pictures",
        )
    yield (
        "verdicts",
        f"fake from p_fake {run.thresholds.fake:.3f}, real below {run.thresholds.real:.3f}",
    )
    kept = run.info.get("kept_epoch")
    if epochs := run.info["epochs"]:
        yield "trained", f"{epochs} epochs" + (f", of which epoch {kept} was kept" if kept else "")
    yield "brackets", "95 % intervals; they say nothing of pictures from elsewhere"


def _thresholds(run: Run, metrics: dict[str, Any]) -> str:
    rows = []
    for point in run.operating_points:
        at = metrics["test"]["operating_points"].get(point.name, {})
        span = "" if point.interval is None else "{:.1%} to {:.1%}".format(*point.interval)
        rows.append(
            (
                point.name,
                f"{point.threshold:.3f}",
                f"{point.fpr:.0%}",
                "" if point.photographs is None else f"{point.photographs:,}",
                span,
                _percent(at.get("fpr")),
                _percent(at.get("tpr")),
            )
        )
    return html.section(
        "Operating points",
        html.table(
            (
                "point",
                "threshold",
                "false alarms at most",
                "photographs of val",
                "95 % interval there",
                "false alarms on test",
                "AI found on test",
            ),
            rows,
        ),
        html.paragraph(
            "False alarms are photographs called fake. A rate below 3 / n cannot be shown with n"
            " photographs of val, so no finer point is offered. The interval is Wilson's."
        ),
    )


def _data(run: Run) -> str:
    counts: dict[str, dict[str, int]] = run.info["data"]["counts"]
    rows = []
    for label in CLASSES:
        mine = [row for name, row in counts.items() if name.startswith(f"{label}/")]
        rows.append((f"all {label}", *(f"{sum(r[s] for r in mine):,}" for s in SPLITS)))
    rows += [(name, *(f"{row[split]:,}" for split in SPLITS)) for name, row in counts.items()]
    notes = [html.paragraph(note) for note in run.info["data"]["notes"]]
    return html.section("Data", html.table(("source", *SPLITS), rows), *notes)


def _history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _curves(run: Run, history: list[dict[str, float]]) -> str:
    kept = run.info.get("kept_epoch")
    words = "Training pictures are augmented where the recipe says so; val pictures never are."
    return html.section(
        "Learning curves",
        html.plot(lambda file: plot_history(history, file, kept), "loss and accuracy per epoch"),
        html.paragraph(words),
    )


def _discrimination(run: Run, split: str, scores: Scores) -> str:
    p_fake = run.calibration.p_fake(scores.logits)
    fewest = min(int((scores.labels == label).sum()) for label in range(len(CLASSES)))
    few = f"No ROC curve: it would rest on {fewest} pictures of a class."
    return html.section(
        f"AI against Real, on {split}",
        html.plot(lambda file: plot_roc(scores, file), f"ROC curves on {split}")
        if fewest >= FEWEST
        else html.paragraph(few),
        html.plot(
            lambda file: plot_scores(p_fake, scores.labels, run.thresholds, file),
            f"distribution of the scores on {split}",
        ),
    )


def _sources(split: str, measured: dict[str, Any]) -> str:
    rows = [
        (
            name,
            f"{row['pictures']:,}",
            f"{row['accuracy']:.3f}",
            "[{:.3f}, {:.3f}]".format(*row["interval"]),
            _percent(row["flagged"]),
        )
        for name, row in sorted(
            measured["sources"].items(), key=lambda item: (item[1]["interval"][1], item[0])
        )
    ]
    head = ("source", "pictures", "accuracy", "95 % interval", "called fake")
    order = "The upper ends of the intervals decide the order: those surely worst come first."
    return html.section(f"By source, on {split}", html.table(head, rows), html.paragraph(order))


def _mistakes(
    run: Run,
    split: str,
    scores: Scores,
    data: Data | None,
    problem: str,
    cache: Cache,
    most: int,
) -> Iterator[str]:
    kinds = (
        ("Photographs called fake", "the highest scores first", "fake"),
        ("AI pictures called real", "the lowest scores first", "real"),
    )
    for (title, order, badge), mistakes in zip(kinds, worst(run, scores, most), strict=True):
        heading = f"{title}, on {split}"
        if not mistakes:
            yield html.section(heading, html.paragraph("None." if most else "Not shown."))
            continue
        note = html.paragraph(
            problem or f"The worst {len(mistakes)}, {order}: the face as the detector sees it."
        )
        crops = {} if data is None else face_crops(run, mistakes, data, cache)
        cards = (
            html.mistake(crops.get(one.name), one.name, badge, one.p_fake, one.origin)
            for one in mistakes
        )
        yield html.section(heading, note, html.grid(cards))


def _provenance(run: Run) -> Iterator[tuple[str, object]]:
    yield "recipe", f"{run.recipe.name}: {run.recipe.description}"
    backbone = run.recipe.backbone
    yield "backbone", f"{backbone.name}, weights: {backbone.weights}, {run.recipe.crop.size} px"
    yield "command", run.info["command"]
    yield "data", run.info["data"]["fingerprint"]
    yield "versions", ", ".join(f"{name} {v}" for name, v in run.info["versions"].items())


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
