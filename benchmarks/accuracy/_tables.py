"""Results of accuracy as Markdown, the most important first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import metric, percent, table
from benchmarks.accuracy._degradations import CLEAN, DEGRADED, READINGS
from benchmarks.accuracy._groups import FAMILY, PHOTOGRAPHS, Grouping
from benchmarks.accuracy._macro import FEW
from benchmarks.accuracy._metadata import NAME

Result = dict[str, Any]


def accuracy_markdown(result: Result) -> str:
    """Format all tables of a result of `benchmarks.accuracy._measure.evaluate`."""
    return "\n".join(_parts(result))


def _parts(result: Result) -> Iterator[str]:
    yield "# Accuracy\n"
    yield _head(result)
    for split, models in result["results"].items():
        yield f"## Split `{split}`\n"
        yield _models(models)
        yield "### Degradations\n"
        yield "AUC; in brackets the fraction of faces that fakeface itself found.\n"
        yield _degradations(models)
        if readings := _readings(models):
            yield "### Does it look at the face?\n"
            yield "AUC with the surroundings or the face filled with one colour.\n"
            yield readings
        yield "### Pairs\n"
        yield _pairs(models)
        if families := _families(models):
            yield "### Families of generators\n"
            yield (
                "AUC of each family's pictures against all photographs of the split. In the mean"
                f" every family of at least {FEW} counts the same.\n"
            )
            yield families
        if kinds := _kinds(models):
            yield "### Kinds of photographs\n"
            yield "Share called `fake` at the default threshold.\n"
            yield kinds
        for model, degradations in models.items():
            if CLEAN.name in degradations:
                yield f"### Sources: {model}\n"
                yield (
                    "AUC of an AI source against all Real pictures of the split, of a Real source"
                    " against all AI pictures kept together. Shares are of the source alone.\n"
                )
                yield _sources(degradations)


def _head(result: Result) -> str:
    counts = [
        f"`{split}`: {sum(n for k, n in sources.items() if k.startswith('AI/'))} AI,"
        f" {sum(n for k, n in sources.items() if k.startswith('Real/'))} Real"
        for split, sources in result["data"]["splits"].items()
    ]
    lines = [
        f"- command: `{result['command']}`",
        f"- made: {result['created']}, "
        + ", ".join(f"{name} {number}" for name, number in result["versions"].items()),
        f"- data: {result['data']['fingerprint']} ({'; '.join(counts)})",
        *(
            f"- model: {m['name']} {m['version']}, sha256 {m['sha256'][:16]}…, `fake` from"
            f" {m['thresholds']['fake']:.4g}, `real` below {m['thresholds']['real']:.4g}"
            for m in result["models"]
        ),
        *(
            f"- {m['name']} was trained on other data ({trained['fingerprint']}): whether pictures"
            " of these splits were among them, its card has to say"
            for m in result["models"]
            if (trained := m["trained_on"])
            and trained["fingerprint"] != result["data"]["fingerprint"]
        ),
        f"- intervals: {result['bootstrap']['interval']},"
        f" {result['bootstrap']['resamples']} resamples, seed {result['bootstrap']['seed']}",
        *(f"- degradation `{name}`: {text}" for name, text in result["degradations"].items()),
    ]
    return "\n".join(lines) + "\n"


def _main(groups: Result) -> tuple[str, Result]:
    """Return name and metrics of the headline group: the last of those of all origins."""
    return [(name, row) for name, row in groups.items() if row["kind"] == "all"][-1]


def _models(models: Result) -> str:
    rows = []
    name = ""
    for model, degradations in models.items():
        if CLEAN.name not in degradations:
            continue
        name, row = _main(degradations[CLEAN.name]["groups"])
        rows.append(
            [
                model,
                *(metric(row[m]) for m in ("auc", "ap", "balanced_accuracy", "tpr5", "tpr1")),
                metric(row["ece"]),
                *(percent(row[m]) for m in ("flagged_ai", "flagged_real", "uncertain")),
            ]
        )
    head = [
        f"clean, {name}",
        *("AUC", "AP", "balanced accuracy", "TPR at 5 % FPR", "TPR at 1 % FPR", "ECE"),
        *("AI called `fake`", "Real called `fake`", "`uncertain`"),
    ]
    return table(head, rows)


def _degradations(models: Result) -> str:
    names = [
        t.name
        for t in (CLEAN, *DEGRADED)
        if any(t.name in degradations for degradations in models.values())
    ]
    rows = []
    for model, degradations in models.items():
        if model == NAME:
            continue
        cells = [model]
        for name in names:
            entry = degradations.get(name)
            found = entry["boxes"].get("finder", 0) / sum(entry["boxes"].values()) if entry else 0
            auc = metric(_main(entry["groups"])[1]["auc"]) if entry else "–"
            cells.append(f"{auc} ({found:.1%})" if entry else auc)
        rows.append(cells)
    return table(["model", *names], rows)


def _readings(models: Result) -> str:
    names = [
        t.name for t in READINGS if any(t.name in degradations for degradations in models.values())
    ]
    rows = [
        [
            model,
            *(
                metric(_main(degradations[name]["groups"])[1]["auc"])
                if name in degradations
                else "–"
                for name in (CLEAN.name, *names)
            ),
        ]
        for model, degradations in models.items()
        if model != NAME
    ]
    return table(["model", "clean", *names], rows) if names else ""


def _pairs(models: Result) -> str:
    names = [f"{ai} / {real}" for ai, real in Grouping().pairs]
    rows = []
    for model, degradations in models.items():
        for degradation in (CLEAN, *DEGRADED):
            groups = degradations.get(degradation.name, {}).get("groups", {})
            pairs = [groups[n] for n in groups if groups[n]["kind"] == "pair"]
            names = [n for n in groups if groups[n]["kind"] == "pair"] or names
            if pairs:
                rows.append(
                    [f"{model}, {degradation.name}", *(metric(pair["auc"]) for pair in pairs)]
                )
    return table(["AUC", *names], rows) if rows else "None of the pairs is in this split.\n"


def _families(models: Result) -> str:
    clean = {
        model: degradations[CLEAN.name]
        for model, degradations in models.items()
        if "macro" in degradations.get(CLEAN.name, {})
    }
    if not clean:
        return ""
    means = [
        [what, "", *(metric(entry["macro"][name]) for entry in clean.values())]
        for what, name in (("mean AUC", "auc"), ("mean TPR at 5 % FPR", "tpr5"))
    ]
    rows = [
        [name, str(row["ai"]), *(metric(entry["groups"][name]["auc"]) for entry in clean.values())]
        for name, row in next(iter(clean.values()))["groups"].items()
        if row["kind"] == FAMILY
    ]
    return table(["family", "n", *clean], [*means, *rows])


def _kinds(models: Result) -> str:
    clean = {
        model: degradations[CLEAN.name]["groups"]
        for model, degradations in models.items()
        if CLEAN.name in degradations
    }
    first: dict[str, Any] = next(iter(clean.values()), {})
    rows = [
        [name, str(row["real"]), *(percent(g[name]["flagged_real"]) for g in clean.values())]
        for name, row in first.items()
        if row["kind"] == PHOTOGRAPHS
    ]
    return table(["photographs", "n", *clean], rows) if rows else ""


def _sources(degradations: Result) -> str:
    rows = []
    for name, row in degradations[CLEAN.name]["groups"].items():
        if row["kind"] != "source":
            continue
        which = "ai" if name.startswith("AI/") else "real"
        degraded = [
            metric(degradations[t]["groups"][name]["auc"], interval=False)
            if t in degradations
            else "–"
            for t in ("web", "hard")
        ]
        rows.append(
            [
                name,
                str(row[which]),
                metric(row["auc"]),
                metric(row["tpr5"], interval=False),
                *degraded,
                percent(row[f"flagged_{which}"]),
                percent(row[f"uncertain_{which}"], interval=False),
            ]
        )
    head = ["source", "n", "AUC", "TPR at 5 % FPR", "AUC web", "AUC hard", "called `fake`"]
    return table([*head, "`uncertain`"], rows)
