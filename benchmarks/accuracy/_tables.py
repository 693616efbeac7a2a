"""Results of accuracy as Markdown, the most important first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import metric, percent, table
from benchmarks.accuracy._degradations import CLEAN, DEGRADATIONS
from benchmarks.accuracy._metadata import NAME
from benchmarks.accuracy._metrics import FEW

Result = dict[str, Any]


def accuracy_markdown(result: Result) -> str:
    """Format all tables of a result of `benchmarks.accuracy._measure.evaluate`."""
    return "\n".join(_parts(result))


def _parts(result: Result) -> Iterator[str]:
    yield "# Accuracy\n"
    yield from _head(result)
    yield ""
    for split, models in result["results"].items():
        clean = {model: d[CLEAN.name] for model, d in models.items() if CLEAN.name in d}
        yield f"## Split `{split}`\n"
        yield _headline(clean)
        yield "### Degradations\n"
        yield "AUC; in brackets the fraction of faces that fakeface itself found.\n"
        yield _degradations(models)
        for kind, title, count, key, text in (
            ("pair", "Pairs", "ai", "auc", "AUC of an AI source against a Real one."),
            ("family", "Families of generators", "ai", "auc", _FAMILIES),
            ("photographs", "Kinds of photographs", "real", "flagged_real", _KINDS),
        ):
            if rows := list(_by_group(clean, kind, count, key)):
                yield f"### {title}\n"
                yield f"{text}\n"
                yield table(["group", "n", *clean], rows)
        for model in clean:
            yield f"### Sources: {model}\n"
            yield (
                "AUC of an AI source against all Real pictures of the split, of a Real source"
                " against all AI pictures kept together. Shares are of the source alone.\n"
            )
            yield _sources(models[model])


_FAMILIES = (
    "AUC of each family's pictures against all photographs of the split. In the mean every family"
    f" of at least {FEW} counts the same."
)
_KINDS = "Share called `fake` at the default threshold."


def _head(result: Result) -> Iterator[str]:
    data, bootstrap = result["data"], result["bootstrap"]
    yield f"- command: `{result['command']}`"
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    yield f"- made: {result['created']}, {versions}"
    yield f"- data: {data['fingerprint']}"
    for split, sources in data["splits"].items():
        ai = sum(n for name, n in sources.items() if name.startswith("AI/"))
        yield f"- `{split}`: {ai} AI, {sum(sources.values()) - ai} Real"
    for model in result["models"]:
        yield (
            f"- model: {model['name']} {model['version']}, sha256 {model['sha256'][:16]}…, `fake`"
            f" from {model['thresholds']['fake']:.4g}, `real` below"
            f" {model['thresholds']['real']:.4g}"
        )
        trained = model["trained_on"]
        if trained and trained["fingerprint"] != data["fingerprint"]:
            yield (
                f"- {model['name']} was trained on other data ({trained['fingerprint']}): whether"
                " pictures of these splits were among them, its card has to say"
            )
    yield (
        f"- intervals: {bootstrap['interval']}, {bootstrap['resamples']} resamples,"
        f" seed {bootstrap['seed']}"
    )
    yield from (f"- degradation `{name}`: {text}" for name, text in result["degradations"].items())


def _main(entry: Result) -> tuple[str, Result]:
    """Return name and metrics of the headline group: the last of those of all origins."""
    return [(name, row) for name, row in entry["groups"].items() if row["kind"] == "all"][-1]


def _headline(clean: Result) -> str:
    rows, name = [], ""
    for model, entry in clean.items():
        name, row = _main(entry)
        rows.append(
            [
                model,
                *(metric(row[m]) for m in ("auc", "tpr5", "tpr1", "ece")),
                *(percent(row[m]) for m in ("flagged_ai", "flagged_real", "uncertain")),
            ]
        )
    head = [f"clean, {name}", "AUC", "TPR at 5 % FPR", "TPR at 1 % FPR", "ECE"]
    return table([*head, "AI called `fake`", "Real called `fake`", "`uncertain`"], rows)


def _degradations(models: Result) -> str:
    names = [name for name in DEGRADATIONS if any(name in of for of in models.values())]

    def cell(entry: Result | None) -> str:
        if entry is None:
            return "–"
        found = entry["boxes"].get("finder", 0) / sum(entry["boxes"].values())
        return f"{metric(_main(entry)[1]['auc'])} ({found:.1%})"

    rows = [
        [model, *(cell(of.get(name)) for name in names)]
        for model, of in models.items()
        if model != NAME
    ]
    return table(["model", *names], rows)


def _by_group(clean: Result, kind: str, count: str, key: str) -> Iterator[list[str]]:
    """One row per group of a kind, a column per model."""
    entries = list(clean.values())
    if kind == "family" and any(entry["macro"] for entry in entries):
        for what, name in (("mean AUC", "auc"), ("mean TPR at 5 % FPR", "tpr5")):
            yield [what, "", *(metric(e["macro"] and e["macro"][name]) for e in entries)]
    form = metric if key == "auc" else percent
    for name, row in (entries[0]["groups"] if entries else {}).items():
        if row["kind"] == kind:
            yield [name, str(row[count]), *(form(e["groups"][name][key]) for e in entries)]


def _sources(degradations: Result) -> str:
    rows = []
    for name, row in degradations[CLEAN.name]["groups"].items():
        if row["kind"] != "source":
            continue
        which = "ai" if name.startswith("AI/") else "real"
        degraded = [
            degradations.get(t, {"groups": {}})["groups"].get(name) for t in ("web", "hard")
        ]
        rows.append(
            [
                name,
                str(row[which]),
                metric(row["auc"]),
                metric(row["tpr5"], interval=False),
                *(metric(other and other["auc"], interval=False) for other in degraded),
                percent(row[f"flagged_{which}"]),
                percent(row[f"uncertain_{which}"], interval=False),
            ]
        )
    head = ["source", "n", "AUC", "TPR at 5 % FPR", "AUC web", "AUC hard", "called `fake`"]
    return table([*head, "`uncertain`"], rows)
