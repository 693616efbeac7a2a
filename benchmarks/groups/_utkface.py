"""Age, sex and ethnicity that the file names of UTKFace carry.

The data set (Zhang et al. 2017, "Age progression/regression by conditional adversarial
autoencoder") names its files `AGE_SEX_ETHNICITY_DATE`, such as
`25_1_2_20170116174525125.jpg.chip.jpg`. Age was estimated, not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.data import Sample

AGES = ((18, "under 18"), (30, "18 to 29"), (50, "30 to 49"), (70, "50 to 69"))
"""Upper bounds of the age groups, exclusive; beyond the last one is `70 and older`."""

OLDEST = "70 and older"

_SEXES = ("male", "female")
_ETHNICITIES = ("White", "Black", "Asian", "Indian", "others")
_NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_\d{12,}\D")


def utkface_groups(samples: Sequence[Sample]) -> dict[str, list[str]]:
    """Group photographs by what their names say, in UTKFace's own words.

    Args:
        samples: The photographs.

    Returns:
        Per attribute the group of each photograph; empty where its name is not UTKFace's.
    """
    names = [_NAME.match(sample.name.rpartition("/")[2]) for sample in samples]
    return {
        "age (UTKFace)": ["" if n is None else _age(int(n[1])) for n in names],
        "sex (UTKFace)": ["" if n is None else _SEXES[int(n[2])] for n in names],
        "ethnicity (UTKFace)": ["" if n is None else _ETHNICITIES[int(n[3])] for n in names],
    }


def _age(years: int) -> str:
    return next((name for most, name in AGES if years < most), OLDEST)
