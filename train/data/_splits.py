"""Random splits, and leaks between splits.

Pictures that belong together (the same bytes, or one made from the other) form a group, and a
group is in one split alone; else a test would reward memory.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from train.errors import DataError

if TYPE_CHECKING:
    from train.data._sample import Sample

SHARES = (("test", 0.2), ("val", 0.1))
"""Fraction of every stratum in these splits; the rest is `train`."""

SPLIT_SEED = 0
"""Seed of random splits. No recipe's seed changes it, so that two trainings on a folder
have the same `test`, and benchmarks and export find it again."""

VAL_OF_TRAIN = 0.125
"""Fraction of `train` that becomes `val` where only `val` is missing."""

_FEWEST = 10
"""Sources of fewer pictures are pooled by class, or none of them would give test and val."""

_CLEANEST_FIRST = ("unseen", "test", "val", "train")


def complete_splits(samples: list[Sample], seed: int) -> tuple[list[Sample], list[str]]:
    """Give every sample a split.

    Args:
        samples: Samples, whose `split` may be empty, in all of them or in none.
        seed: Of the draw. The draw depends on the content of the pictures alone, so that it is
            the same for the same pictures under other names, and moves little as a folder grows.

    Returns:
        The samples with splits, and notes of what was drawn.

    Raises:
        DataError: Some have a split and some have none, or there is none to test on.
    """
    without = [sample for sample in samples if not sample.split]
    if without and len(without) < len(samples):
        raise DataError(
            f"{len(without)} of {len(samples)} pictures have no split, such as {without[0].name};"
            " give all of them one, or none"
        )
    if without:
        drawn = _draw(samples, SHARES, seed)
        return drawn, [f"splits drawn with seed {seed}: 70 % train, 10 % val, 20 % test"]
    present = {sample.split for sample in samples}
    if "train" in present and "test" not in present:
        raise DataError("there are pictures to train on and none in split test")
    if "train" in present and "val" not in present:
        train = [sample for sample in samples if sample.split == "train"]
        rest = [sample for sample in samples if sample.split != "train"]
        drawn = _draw(train, (("val", VAL_OF_TRAIN),), seed)
        return rest + drawn, [f"no split val: {VAL_OF_TRAIN:.1%} of train drawn with seed {seed}"]
    return samples, []


def without_leaks(samples: list[Sample]) -> tuple[list[Sample], list[str]]:
    """Leave out what is in two splits; the split that has to be cleanest keeps its samples.

    Args:
        samples: Samples with splits.

    Returns:
        The samples that stay, and for every one left out its name and the name it clashes with.
    """
    left_out: dict[str, str] = {}
    for group in _groups(samples):
        cleanest = min((s.split for s in group), key=_CLEANEST_FIRST.index)
        kept = next(s for s in group if s.split == cleanest)
        for sample in group:
            if sample.split != cleanest:
                left_out[sample.name] = (
                    f"{sample.name} ({sample.split}, {kept.name} is in {cleanest})"
                )
    return [s for s in samples if s.name not in left_out], list(left_out.values())


def _draw(
    samples: Sequence[Sample], shares: Sequence[tuple[str, float]], seed: int
) -> list[Sample]:
    strata: defaultdict[tuple[tuple[int, str], ...], list[list[Sample]]] = defaultdict(list)
    for group in _groups(samples):
        strata[tuple(sorted({(s.label, s.origin) for s in group}))].append(group)
    pooled: defaultdict[tuple[object, ...], list[list[Sample]]] = defaultdict(list)
    for stratum, groups in strata.items():
        few = len(groups) < _FEWEST
        pooled[tuple(sorted({label for label, _ in stratum})) if few else stratum] += groups
    out: list[Sample] = []
    for groups in pooled.values():
        groups.sort(key=lambda group: _rank(group, seed))
        start = 0
        for split, share in shares:
            stop = start + round(share * len(groups))
            out += [replace(s, split=split) for group in groups[start:stop] for s in group]
            start = stop
        out += [replace(s, split="train") for group in groups[start:] for s in group]
    return out


def _rank(group: list[Sample], seed: int) -> bytes:
    first = min(sample.digest for sample in group)
    return hashlib.blake2b(f"{seed} {first}".encode(), digest_size=8).digest()


def _groups(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Group samples that are copies or pairs of one another (union-find)."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    for sample in samples:
        for other in (f"digest {sample.digest}", sample.pair and f"name {sample.pair}"):
            if other:
                parent[root(f"name {sample.name}")] = root(other)
    groups: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        groups[root(f"name {sample.name}")].append(sample)
    return list(groups.values())
