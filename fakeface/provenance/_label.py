"""The label that China's law asks for (GB 45438-2025, annex E): one JSON object in any place."""

from __future__ import annotations

import re
from typing import Any

from fakeface.provenance._text import parsed
from fakeface.provenance._vocabulary import line
from fakeface.types._provenance import Claim, Kind, Statement

_OTHERS = frozenset(
    ("contentproducer", "produceid", "reservedcode1", "contentpropagator", "propagateid")
)
"""Some of the fields beside `Label`."""

_WORDS: tuple[tuple[str, Claim, str], ...] = (
    (r"^(?:1|true|ai)$", "ai", "made by AI"),
    (r"^2$|可能|possibl|may be|likely", "suspected", "possibly made by AI"),
    (r"^3$|疑似|suspect", "suspected", "suspected to be made by AI"),
    (r"编辑|修改|edit|modif", "ai_edited", "edited by AI"),
    (r"生成|合成|aigc|generat|synth", "ai", "made by AI"),
)
"""What a value of `Label` stands for: 1, 2 and 3 of the standard, and words that some write."""


def read_label(value: object, kind: Kind, *, known: bool = False) -> Statement | None:
    """Return what a label says, itself or under `AIGC`; None for anything else.

    Where it is `known` to be one, from the place where it stands, `Label` alone is enough.
    """
    values = _lower(parsed(value))
    if "aigc" in values:
        values, known = _lower(parsed(values["aigc"])), True
    if "label" not in values or not (known or _OTHERS & values.keys()):
        return None
    label = line(values["label"], 40)
    claim: Claim = "unknown"
    meaning = "no meaning in the standard"
    for pattern, known_claim, words in _WORDS:
        if re.search(pattern, label, re.IGNORECASE):
            claim, meaning = known_claim, words
            break
    producer = values.get("contentproducer") or values.get("contentpropagator")
    tool = line(producer, 80) if isinstance(producer, str) and producer.strip() else None
    return Statement(kind, claim, tool=tool, detail=f"AIGC label {label}: {meaning}")


def _lower(values: dict[str, Any]) -> dict[str, Any]:
    return {key.strip().lower(): value for key, value in values.items()}
