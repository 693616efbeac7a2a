"""Sampling of batches, balanced so that the origin of a picture does not predict its class.

Most AI pictures look like one origin of photographs. Sampled uniformly, a network learns that style
as the class and flags the photographs of that origin. So every batch holds as many AI pictures as
photographs, and part of it are pairs, a photograph and its reconstruction, which differ only in
what the detector has to find.

Families of generators and kinds of photographs are sampled first, then a generator or an origin
within them, then a picture: thirty pictures of one family then count nearly as much as six hundred
of another. Where the manifest names neither, the origin takes their place.

Every batch follows from seed and step alone, so that a training resumes where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from train.recipes._finetune_spec import SamplingSpec

if TYPE_CHECKING:
    from train.data._sample import Sample

_UNSTATED = "unstated"  # kind of photographs for which the manifest has none


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One picture of a batch.

    Attributes:
        sample: The picture.
        reconstructed: Whether its reconstruction is meant, which is an AI picture.
        pair: Index of the pair within the batch; -1 for a single picture.
    """

    sample: Sample
    reconstructed: bool = False
    pair: int = -1

    @property
    def fake(self) -> bool:
        """Whether it counts as made by AI."""
        return self.reconstructed or self.sample.label == 0


class _ShuffledSampler:
    """Yields samples in random order, every one once before any is repeated."""

    def __init__(self, samples: Sequence[Sample], rng: np.random.Generator) -> None:
        self._samples = samples
        self._rng = rng
        self._order: list[int] = []

    def next(self) -> Sample:
        if not self._order:
            self._order = self._rng.permutation(len(self._samples)).tolist()
        return self._samples[self._order.pop()]


def batches(
    samples: Sequence[Sample],
    spec: SamplingSpec,
    size: int,
    reconstructed: frozenset[str],
    seed: int,
) -> Iterator[list[BatchItem]]:
    """Sample batches without end, half of each AI.

    Args:
        samples: The pictures to sample from.
        spec: How batches are sampled.
        size: Pictures per batch, even.
        reconstructed: Names of the photographs that have a reconstruction.
        seed: Seed for all random choices.

    Yields:
        The items of one batch, pairs first, a reconstruction right before its photograph.
    """
    rng = np.random.default_rng(seed)
    with_reconstruction = [s for s in samples if s.label == 1 and s.name in reconstructed]
    pairs = round(spec.reconstructions * size / 2) if with_reconstruction else 0
    paired = _GroupSampler(with_reconstruction, spec, rng)
    fakes = _GroupSampler([s for s in samples if s.label == 0], spec, rng)
    reals = _GroupSampler([s for s in samples if s.label == 1], spec, rng)
    while True:
        batch: list[BatchItem] = []
        for number in range(pairs):
            photo = paired.next()
            batch += [BatchItem(photo, True, number), BatchItem(photo, False, number)]
        for _ in range(size // 2 - pairs):
            batch += [BatchItem(fakes.next()), BatchItem(reals.next())]
        yield batch


class _GroupSampler:
    """Samples a group by its weight, then one within it, down to the next sample."""

    def __init__(
        self,
        samples: Sequence[Sample],
        spec: SamplingSpec,
        rng: np.random.Generator,
        depth: int = 0,
    ) -> None:
        groups: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            groups[_path(sample, spec)[depth]].append(sample)
        self._rng = rng
        self._parts: list[_GroupSampler | _ShuffledSampler] = [
            _ShuffledSampler(group, rng)
            if len(_path(group[0], spec)) == depth + 1
            else _GroupSampler(group, spec, rng, depth + 1)
            for group in groups.values()
        ]
        named = spec if depth == 0 else replace(spec, weights={})
        weights = sampling_weights({s: len(g) for s, g in groups.items()}, named)
        self._p = np.array([weights[name] for name in groups])

    def next(self) -> Sample:
        return self._parts[int(self._rng.choice(len(self._parts), p=self._p))].next()


def _path(sample: Sample, spec: SamplingSpec) -> tuple[str, ...]:
    """Return the groups that a picture is sampled by, outermost first."""
    if sample.label == 0:
        return sample.group, sample.generator or sample.group, sample.origin
    if sample.origin in spec.weights:
        return (sample.origin,)
    return sample.kind or _UNSTATED, sample.origin


def sampling_weights(sizes: dict[str, int], spec: SamplingSpec) -> dict[str, float]:
    """Return the fraction of the single pictures that each origin, or other group, gets.

    Args:
        sizes: Number of pictures of each group of one class.
        spec: How batches are sampled.

    Returns:
        Fractions that add up to 1.
    """
    named = {origin: spec.weights[origin] for origin in sizes if origin in spec.weights}
    others = {s: float(n) ** spec.exponent for s, n in sizes.items() if s not in named}
    rest = max(0.0, 1.0 - sum(named.values())) / max(sum(others.values()), 1e-9)
    shares = named | {origin: rest * weight for origin, weight in others.items()}
    total = sum(shares.values())
    return {origin: share / total for origin, share in shares.items()}
