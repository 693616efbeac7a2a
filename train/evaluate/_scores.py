"""Scores of pictures, as columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.data._sample import CLASSES, Sample

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Pictures and the logits that a detector gave them.

    Attributes:
        names: Names of the pictures.
        labels: 0 for AI, 1 for Real, shape [n].
        origins: Their origins, as `CLASS/source`.
        logits: Logits of class 1, Real, uncalibrated, shape [n].
        groups: What counts as one in macro averages, as `CLASS/group`: the family of an AI
            picture's generator, the origin of a photograph; `origins` if left out.
        kinds: What kinds of photographs they are, such as `studio`; empty where that is not known.
    """

    names: list[str]
    labels: npt.NDArray[np.int64]
    origins: npt.NDArray[np.str_]
    logits: Floats
    groups: npt.NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))
    kinds: npt.NDArray[np.str_] = field(default_factory=lambda: np.empty(0, np.str_))

    def __post_init__(self) -> None:
        """Use the origins as groups, and no kinds, where none are given."""
        if len(self.groups) != len(self.names):
            object.__setattr__(self, "groups", self.origins)
        if len(self.kinds) != len(self.names):
            object.__setattr__(self, "kinds", np.full(len(self.names), ""))

    @classmethod
    def of(cls, samples: Sequence[Sample], logits: Floats) -> Scores:
        """Make scores of samples and their logits."""
        return cls(
            [s.name for s in samples],
            np.array([s.label for s in samples], np.int64),
            np.array([f"{CLASSES[s.label]}/{s.origin}" for s in samples]),
            np.asarray(logits, np.float64),
            np.array([f"{CLASSES[s.label]}/{s.group}" for s in samples]),
            np.array([s.kind for s in samples]),
        )

    @property
    def p_real(self) -> Floats:
        """Sigmoid of the logits: the uncalibrated probability of class 1, Real."""
        from scipy.special import expit

        return np.asarray(expit(self.logits))

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether the decision at a sigmoid of 0.5 is correct, shape [n]."""
        return np.asarray((self.logits >= 0) == (self.labels == 1))

    def write(self, path: Path, p_fake: Floats) -> None:
        """Write one line a picture: name, label, source, logit and calibrated `p_fake`."""
        with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["name", "label", "source", "logit_real", "p_fake", "group", "kind"])
            about = zip(self.names, self.labels, self.origins, self.groups, self.kinds, strict=True)
            for (name, label, origin, group, kind), logit, p in zip(
                about, self.logits, p_fake, strict=True
            ):
                numbers = f"{logit:.6f}", f"{p:.6f}"
                writer.writerow([name, CLASSES[label], origin, *numbers, group, kind])


def read_scores(path: Path) -> Scores:
    """Read what `Scores.write` wrote."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    return Scores(
        [row["name"] for row in rows],
        np.array([CLASSES.index(row["label"]) for row in rows], np.int64),
        np.array([row["source"] for row in rows]),
        np.array([float(row["logit_real"]) for row in rows]),
        np.array([row.get("group") or row["source"] for row in rows]),
        np.array([row.get("kind") or "" for row in rows]),
    )
