"""Rates of photographs called `fake` and `uncertain` per group, with intervals and a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._provenance import provenance
from benchmarks.accuracy._degradations import CLEAN
from benchmarks.accuracy._measure import run_accuracy
from benchmarks.accuracy._metrics import Bools, Floats, share
from benchmarks.groups._attributes import (
    BINS,
    SPEC,
    VERSION,
    Attributes,
    automatic_groups,
    measure_attributes,
    read_groups,
)
from fakeface import FaceFinder, Thresholds
from fakeface.model_directory import FACE_FINDER, MODELS
from fakeface.preprocessing import PIXELS_VERSION
from train.data import Cache, Data, Sample
from train.fitting import row_id
from train.progress import in_threads

LARGE = 100
"""Photographs from which a group counts as large: a rate of twice the mean is then an alarm."""

_PERMUTATIONS = 20_000


def measure_groups(
    models: Sequence[Path],
    data: Data,
    splits: Sequence[str],
    cache: Cache,
    groups: Path | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure whose photographs models call fake.

    Args:
        models: Model directories.
        data: The pictures; only photographs (`Real`) are used.
        splits: Splits to measure, each by itself.
        cache: Cache of scores and attributes.
        groups: CSV of groups besides the automatic ones; see `read_groups`.
        seed: Seed of the test.

    Returns:
        Plain values, ready for JSON: provenance, and under `results` per split, model and attribute
        the rows of `rates` and `p`, the result of `difference_test`.

    Raises:
        ModelError: A model cannot run.
        ValueError: There are no photographs, or `groups` cannot be used.
    """
    photographs = tuple(sample for sample in data.split(*splits) if sample.label == 1)
    if not photographs:
        raise ValueError(f"{data.root}: no photograph in split {', '.join(splits)}")
    present = [s for s in splits if any(sample.split == s for sample in photographs)]
    run = run_accuracy(models, replace(data, samples=photographs), present, [CLEAN], cache)
    attributes = _all_attributes(photographs, cache)
    given = {} if groups is None else read_groups(groups, photographs)
    results: dict[str, Any] = {}
    for split in present:
        mine = [i for i, sample in enumerate(photographs) if sample.split == split]
        by_attribute = {
            **automatic_groups([photographs[i] for i in mine], [attributes[i] for i in mine]),
            **{name: [members[i] for i in mine] for name, members in given.items()},
        }
        for scored in run.scored:
            p_fake = scored.p_fake[mine]
            results.setdefault(split, {})[scored.model] = {
                name: {
                    "groups": rates(members, p_fake, scored.thresholds),
                    "p": difference_test(members, p_fake >= scored.thresholds.fake, p_fake, seed),
                }
                for name, members in {"all": ["all"] * len(mine), **by_attribute}.items()
            }
    return {
        "benchmark": "groups",
        **provenance(),
        "data": {"fingerprint": data.fingerprint(), "photographs": len(photographs)},
        "models": run.head["models"],
        "test": f"Monte Carlo test of independence, {_PERMUTATIONS} permutations, seed {seed}",
        "results": results,
    }


def _all_attributes(samples: Sequence[Sample], cache: Cache) -> list[Attributes]:
    """Measure attributes in threads; those measured before are taken from the cache."""
    finder = FaceFinder(MODELS / FACE_FINDER)
    name = f"{VERSION}-{PIXELS_VERSION}-{finder.info.sha256[:16]}-{SPEC.size}-{SPEC.margin}"
    known = cache.append_only(f"groups/{name}")
    missing = {row_id(s): s for s in samples if row_id(s) not in known.records}

    def measure(sample: Sample) -> Attributes:
        return measure_attributes(sample, finder)

    found = in_threads(measure, list(missing.values()), "attributes")
    known.add((row_id(sample), asdict(attributes)) for sample, attributes in found)
    return [Attributes(**known.records[row_id(sample)]) for sample in samples]


def rates(
    members: Sequence[str], p_fake: Floats, thresholds: Thresholds
) -> dict[str, dict[str, Any]]:
    """Compute the rates of each group.

    Args:
        members: Group of each photograph; empty for none.
        p_fake: Scores, shape (n,); NaN where unreadable.
        thresholds: The model's thresholds.

    Returns:
        Per group: `n`; `fake` and `uncertain` as rate, low, high (Wilson's 95 % interval);
        `alarm`: whether the group is `LARGE` and its rate of `fake` more than twice that of all
        photographs.
    """
    names = np.array(members)
    readable = ~np.isnan(p_fake)
    overall = float((p_fake[readable] >= thresholds.fake).mean()) if readable.any() else 0.0
    out = {}
    for name in sorted(set(members) - {""}, key=_order):
        mine = p_fake[(names == name) & readable]
        if not len(mine):
            continue
        fake = int((mine >= thresholds.fake).sum())
        uncertain = int(((mine < thresholds.fake) & (mine >= thresholds.real)).sum())
        n = len(mine)
        out[name] = {
            "n": n,
            "fake": share(fake, n),
            "uncertain": share(uncertain, n),
            "alarm": n >= LARGE and fake / n > 2 * overall,
        }
    return out


def _order(name: str) -> tuple[int, str]:
    return (BINS.index(name) if name in BINS else len(BINS)), name


def difference_test(
    members: Sequence[str],
    flagged: Bools,
    p_fake: Floats,
    seed: int = 0,
) -> float | None:
    """Test whether the rate of `fake` differs between groups.

    The number of flagged photographs per group follows a multivariate hypergeometric distribution
    if group and verdict are independent; the statistic is Pearson's chi-squared. Unlike its usual
    approximation this holds for rates near zero.

    Args:
        members: Group of each photograph; those with none do not count.
        flagged: Whether each is called fake.
        p_fake: Scores; NaN where unreadable, which do not count.
        seed: Seed of the permutations.

    Returns:
        The p-value; None for fewer than two groups, or if none or all are flagged.
    """
    names = np.array(members)
    counted = (names != "") & ~np.isnan(p_fake)
    groups, sizes = np.unique(names[counted], return_counts=True)
    total = int(flagged[counted].sum())
    if len(groups) < 2 or total in (0, int(counted.sum())):
        return None
    seen = np.array([flagged[counted & (names == group)].sum() for group in groups])
    random = np.random.default_rng(seed)
    drawn = random.multivariate_hypergeometric(sizes, total, _PERMUTATIONS, method="marginals")
    expected = sizes * total / sizes.sum()
    statistic = ((drawn - expected) ** 2 / expected).sum(axis=1)
    observed = ((seen - expected) ** 2 / expected).sum()
    return float((1 + (statistic >= observed - 1e-9).sum()) / (1 + _PERMUTATIONS))
