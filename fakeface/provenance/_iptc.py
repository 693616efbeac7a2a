"""IPTC-IIM: the credit line and the program of a picture, in datasets of a Photoshop resource."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.provenance._vocabulary import line, program
from fakeface.types._provenance import Statement

_MAX_RESOURCES = 1024
_MAX_DATASETS = 1024
_IPTC_RESOURCE = 0x0404

_CREDIT, _PROGRAM = 110, 65
"""Datasets of record 2 (IPTC-IIM 4.2): Credit, and Originating Program."""


def from_photoshop(block: bytes) -> bytes | None:
    """Return the IPTC datasets among image resources of Photoshop; None for none.

    Args:
        block: Image resources, each of which begins with `8BIM`.
    """
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] != b"8BIM":
            return None
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name = 1 + int.from_bytes(block[at + 6 : at + 7], "big")
        at += 6 + name + name % 2
        size = int.from_bytes(block[at : at + 4], "big")
        start, end = at + 4, at + 4 + size
        if end > len(block):
            return None
        if number == _IPTC_RESOURCE:
            return block[start:end]
        at = end + size % 2
    return None


def read_iptc(data: bytes) -> Iterator[Statement]:
    """Yield the statements of IPTC datasets: credit lines and programs that name AI, and editors.

    Args:
        data: Datasets.
    """
    texts = _texts(data)
    credit, name = texts.get(_CREDIT, ""), texts.get(_PROGRAM, "")
    claim = program(credit)
    if claim in ("ai", "ai_edited"):
        yield Statement("iptc", claim, tool=line(credit, 80), detail="Credit")
    if name:
        tool = line(name, 80)
        yield Statement("iptc", program(name), tool=tool, detail="Originating Program")


def _texts(data: bytes) -> dict[int, str]:
    """Return texts of record 2 by the number of their dataset, the first of each."""
    texts: dict[int, str] = {}
    at = 0
    for _ in range(_MAX_DATASETS):
        if data[at : at + 1] != b"\x1c":
            break
        record, dataset = data[at + 1 : at + 2], data[at + 2 : at + 3]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):  # extended datasets hold no text
            break
        if record == b"\2" and dataset:
            text = data[at + 5 : at + 5 + size].decode("utf-8", "replace")
            texts.setdefault(dataset[0], text.strip("\0 \r\n\t"))
        at += 5 + size
    return texts
