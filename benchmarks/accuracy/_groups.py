"""Groups of pictures that metrics are computed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy._metrics import Bools
from train.data import CLASSES, Sample

EXCLUDED = "vae-recon"
"""AI source (reconstructions of photographs) that is left out of the headline figures."""

PAIRS = (("stylegan", "ffhq"), ("vae-recon", "ffhq"))
"""Pairs of an AI source and a Real source, measured against each other."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that are measured together.

    Attributes:
        name: Such as `everything`, `without vae-recon`, `stylegan / ffhq`, `family flux`,
            `photographs: selfie`, `AI/sdxl`.
        kind: `all` (the last one is the headline), `pair`, `family` (of generators), `photographs`
            (of a kind) or `source`.
        members: Which pictures of the split belong to it, shape (n,).
    """

    name: str
    kind: str
    members: Bools


def make_groups(samples: Sequence[Sample]) -> list[Group]:
    """Group the pictures of a split.

    An AI source, or family of generators, is measured against all Real pictures of the split; a
    Real source, or kind of photographs, against all AI pictures of it but those of `EXCLUDED`.

    Args:
        samples: The pictures.

    Returns:
        The groups that have pictures of both classes, those of sources with one of them.
    """
    is_ai = np.array([s.label == 0 for s in samples])
    source = np.array([s.origin for s in samples])
    kept = ~(is_ai & (source == EXCLUDED))
    out = [Group("everything", "all", np.ones_like(is_ai))]
    if not kept.all():
        out.append(Group(f"without {EXCLUDED}", "all", kept))
    for ai, real in PAIRS:
        mine, others = is_ai & (source == ai), ~is_ai & (source == real)
        if mine.any() and others.any():
            out.append(Group(f"{ai} / {real}", "pair", mine | others))
    named = np.array([f"{CLASSES[s.label]}/{s.origin}" for s in samples])
    family = np.array([s.family for s in samples])
    what = np.array([s.kind for s in samples])
    for kind, prefix, names, mine, others in (
        ("family", "family ", family, is_ai & kept, ~is_ai),
        ("photographs", "photographs: ", what, ~is_ai, is_ai & kept),
        ("source", "", named, is_ai, ~is_ai),
        ("source", "", named, ~is_ai, is_ai & kept),
    ):
        for name in sorted(set(names[mine].tolist()) - {""}):
            out.append(Group(prefix + name, kind, (mine & (names == name)) | others))
    return out
