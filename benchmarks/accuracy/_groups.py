"""Groups of pictures that metrics are computed over: all, pairs and single origins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.data import CLASSES, Sample

FAMILY, PHOTOGRAPHS = "family", "photographs"
"""Kinds of the groups by family of generators, and by kind of photographs."""

EVERYTHING = "everything"
"""Name of the group of all pictures of a split."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that are measured together.

    Attributes:
        name: Such as `everything`, `without vae-recon`, `stylegan / ffhq`, `family flux`,
            `photographs: selfie`, `AI/sdxl`.
        kind: `all`, `pair`, `family`, `photographs` or `source`.
        members: Which pictures of the split belong to it, shape (n,).
    """

    name: str
    kind: str
    members: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rules that group pictures.

    Attributes:
        excluded: AI sources that are measured by themselves and left out of the main figures.
        pairs: Pairs of an AI source and a Real source, measured against each other.
    """

    excluded: tuple[str, ...] = ("vae-recon",)
    pairs: tuple[tuple[str, str], ...] = (("stylegan", "ffhq"), ("vae-recon", "ffhq"))

    def main(self, samples: Sequence[Sample]) -> str:
        """Return the name of the group of the headline metrics."""
        left_out = [name for name in self.excluded if any(s.origin == name for s in samples)]
        return f"without {', '.join(left_out)}" if left_out else EVERYTHING

    def groups(self, samples: Sequence[Sample]) -> list[Group]:
        """The groups of one split.

        An AI source, or family of generators, is measured against all Real pictures of the split;
        a Real source, or kind of photographs, against all AI pictures of it that are not excluded.

        Args:
            samples: The pictures of the split.

        Returns:
            The groups that have pictures of both classes, those of sources with one of them.
        """
        label = np.array([s.label for s in samples])
        source = np.array([s.origin for s in samples])
        is_ai = label == 0
        kept = ~(is_ai & np.isin(source, self.excluded))
        out = [Group(EVERYTHING, "all", np.ones_like(is_ai))]
        if not kept.all():
            out.append(Group(self.main(samples), "all", kept))
        for ai, real in self.pairs:
            members = (is_ai & (source == ai)) | (~is_ai & (source == real))
            if (members & is_ai).any() and (members & ~is_ai).any():
                out.append(Group(f"{ai} / {real}", "pair", members))
        for kind, told, mine, others in (
            (FAMILY, np.array([s.family for s in samples]), is_ai & kept, ~is_ai),
            (PHOTOGRAPHS, np.array([s.kind for s in samples]), ~is_ai, is_ai & kept),
        ):
            for name in sorted(set(told[mine].tolist()) - {""}):
                separator = ":" if kind == PHOTOGRAPHS else ""
                members = (mine & (told == name)) | others
                out.append(Group(f"{kind}{separator} {name}", kind, members))
        for which, name in sorted(set(zip(label.tolist(), source.tolist(), strict=True))):
            mine = (label == which) & (source == name)
            others = ~is_ai if which == 0 else is_ai & kept
            out.append(Group(f"{CLASSES[which]}/{name}", "source", mine | others))
        return out
