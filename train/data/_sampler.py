"""Which pictures make a batch: balanced within the look, so that the source decides nothing.

Most AI pictures here look like one origin of photographs. Drawn evenly, a network learns that
look as the class and flags the photographs of that origin. So every batch holds as many AI
pictures as photographs; a set share of the photographs comes from the sources named; the others
share the rest by a power of their size; and part of the batch are pairs, a photograph beside the
AI picture made from it, which differ in nothing but what the detector is to find.

Where the manifest names families of generators, and kinds of photographs, `by = "family"` draws one
of these first, then a generator or an origin in it, then a picture: thirty pictures of a family
then say nearly as much as six hundred of another.

Every draw follows from seed and step alone, so that a training resumes where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from train._checks import check_share

if TYPE_CHECKING:
    from train.data._sample import Sample


_UNSTATED = "unstated"  # kind of the photographs that the manifest says nothing of

BY = ("source", "family")
"""What pictures can be drawn by."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What a batch is made of.

    Attributes:
        pairs: Share of the batch that are AI pictures with the photograph they were made from.
        ghosts: Share of the batch that are photographs with their ghost
            (`train.augment._reconstructions`).
        shares: Share of the single pictures of its class that a source gets; the sources that
            are not named divide the rest.
        power: The rest is divided by size of the source to this power: 1 draws every picture
            equally often, 0 every source.
        by: What is drawn first: `source`, or `family`. Then an AI picture is drawn by its family,
            generator and source, a photograph by its kind and source, every level divided by
            `power`; `shares` name families, kinds, or sources of photographs, which are then
            drawn apart from their kind. Photographs beside their reconstruction are drawn likewise.
    """

    pairs: float = 0.1875
    ghosts: float = 0.1875
    shares: dict[str, float] = field(default_factory=dict)
    power: float = 0.5
    by: str = BY[0]

    def __post_init__(self) -> None:
        """Refuse shares of which no batch can be made (`ValueError`)."""
        if self.by not in BY:
            raise ValueError(f"mix.by must be one of {', '.join(BY)}, got {self.by!r}")
        for name in ("pairs", "ghosts"):
            check_share(f"mix.{name}", getattr(self, name))
        if self.pairs + self.ghosts > 1:
            raise ValueError(
                f"mix.pairs and mix.ghosts make more than a batch: {self.pairs + self.ghosts:g}"
            )
        for source, share in self.shares.items():
            check_share(f"mix.shares.{source}", share)


@dataclass(frozen=True, slots=True)
class Draw:
    """One picture of a batch.

    Attributes:
        sample: The picture.
        ghost: Whether its ghost is meant, which is an AI picture.
        pair: Number of the pair within the batch; -1 for a single picture.
        beside: Whether it is the photograph beside its ghost.
    """

    sample: Sample
    ghost: bool = False
    pair: int = -1
    beside: bool = False

    @property
    def fake(self) -> bool:
        """Whether it counts as made by AI."""
        return self.ghost or self.sample.label == 0


class _Deck:
    """Samples dealt in random order, every one once before any comes again."""

    def __init__(self, samples: Sequence[Sample], rng: np.random.Generator) -> None:
        self._samples = samples
        self._rng = rng
        self._order: list[int] = []

    def deal(self) -> Sample:
        if not self._order:
            self._order = self._rng.permutation(len(self._samples)).tolist()
        return self._samples[self._order.pop()]


def batches(
    samples: Sequence[Sample], mix: Mix, size: int, ghosts: frozenset[str], seed: int
) -> Iterator[list[Draw]]:
    """Batches without end, each of `size` draws, half of them AI.

    Args:
        samples: The pictures to draw from.
        mix: What a batch is made of.
        size: Pictures per batch, even.
        ghosts: Names of the photographs that have a ghost.
        seed: Of all draws.

    Yields:
        The draws of one batch, pairs first, the AI picture of a pair right before its photograph.
    """
    rng = np.random.default_rng(seed)
    by_name = {sample.name: sample for sample in samples}
    paired = [s for s in samples if s.label == 0 and s.pair in by_name]
    haunted = [s for s in samples if s.label == 1 and s.name in ghosts]
    n_pairs = round(mix.pairs * size / 2) if paired else 0
    n_ghosts = round(mix.ghosts * size / 2) if haunted else 0
    pairs = _Deck(paired, rng)
    haunts = _Groups(haunted, mix if mix.by == BY[1] else Mix(power=mix.power), rng)
    generated = [s for s in samples if s.label == 0]
    taken = {s.name for s in paired} if n_pairs else set()
    # where every AI picture has its photograph, they have to do as single ones too
    fakes = _Groups([s for s in generated if s.name not in taken] or generated, mix, rng)
    reals = _Groups([s for s in samples if s.label == 1], mix, rng)
    while True:
        batch: list[Draw] = []
        for number in range(n_pairs):
            made = pairs.deal()
            batch += [Draw(made, False, number), Draw(by_name[made.pair or ""], False, number)]
        for number in range(n_pairs, n_pairs + n_ghosts):
            photo = haunts.deal()
            batch += [Draw(photo, True, number), Draw(photo, False, number, True)]
        for _ in range((size - len(batch)) // 2):
            batch += [Draw(fakes.deal()), Draw(reals.deal())]
        yield batch


class _Groups:
    """Draws a group by its share, then one in it, and at last a sample from that one's deck."""

    def __init__(
        self, samples: Sequence[Sample], mix: Mix, rng: np.random.Generator, depth: int = 0
    ) -> None:
        groups: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            groups[_path(sample, mix)[depth]].append(sample)
        self._rng = rng
        self._parts: list[_Groups | _Deck] = [
            _Deck(group, rng)
            if len(_path(group[0], mix)) == depth + 1
            else _Groups(group, mix, rng, depth + 1)
            for group in groups.values()
        ]
        named = mix if depth == 0 else replace(mix, shares={})
        shares = source_shares({s: len(g) for s, g in groups.items()}, named)
        self._p = np.array([shares[name] for name in groups])

    def deal(self) -> Sample:
        return self._parts[int(self._rng.choice(len(self._parts), p=self._p))].deal()


def _path(sample: Sample, mix: Mix) -> tuple[str, ...]:
    """The groups that a picture is drawn by, the largest first; of one length in a group."""
    if mix.by == BY[0]:
        return (sample.source,)
    if sample.label == 0:
        family = sample.family or sample.source
        return family, sample.generator or family, sample.source
    if sample.source in mix.shares:
        return (sample.source,)
    return sample.kind or _UNSTATED, sample.source


def source_shares(sizes: dict[str, int], mix: Mix) -> dict[str, float]:
    """The share of the single draws that each source, or other group, gets; they add up to 1.

    Args:
        sizes: Number of pictures of each, of one class.
        mix: What a batch is made of.
    """
    named = {source: mix.shares[source] for source in sizes if source in mix.shares}
    others = {s: float(n) ** mix.power for s, n in sizes.items() if s not in named}
    rest = max(0.0, 1.0 - sum(named.values())) / max(sum(others.values()), 1e-9)
    shares = named | {source: rest * weight for source, weight in others.items()}
    total = sum(shares.values())
    return {source: share / total for source, share in shares.items()}
