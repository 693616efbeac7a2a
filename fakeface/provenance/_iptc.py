"""IPTC-IIM: the credit line and the program of a picture, in datasets of a Photoshop resource."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.provenance._generators import from_comments
from fakeface.provenance._vocabulary import line, program
from fakeface.types._provenance import Statement

_MAX_RESOURCES = 1024
_MAX_DATASETS = 1024
_IPTC_RESOURCE = 0x0404

_CREDIT, _PROGRAM, _INSTRUCTIONS, _CAPTION = 110, 65, 40, 120
"""Datasets of record 2 (IPTC-IIM 4.2)."""


def from_photoshop(block: bytes) -> bytes:
    """Return the IPTC datasets among image resources of Photoshop; empty for none."""
    at = 0
    for _ in range(_MAX_RESOURCES):
        if block[at : at + 4] != b"8BIM":
            return b""
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        name = 1 + int.from_bytes(block[at + 6 : at + 7], "big")
        at += 6 + name + name % 2
        size = int.from_bytes(block[at : at + 4], "big")
        start, end = at + 4, at + 4 + size
        if end > len(block):
            return b""
        if number == _IPTC_RESOURCE:
            return block[start:end]
        at = end + size % 2
    return b""


def read_iptc(data: bytes) -> Iterator[Statement]:
    """Yield what IPTC datasets say: texts of generators, credits that name AI, and programs."""
    datasets = _datasets(data)
    comments = (datasets.get(number, b"") for number in (_CAPTION, _INSTRUCTIONS))
    yield from from_comments(comments, "iptc")
    credit, name = (
        datasets.get(number, b"").decode("utf-8", "replace").strip("\0 \r\n\t")
        for number in (_CREDIT, _PROGRAM)
    )
    claim = program(credit)
    if claim in ("ai", "ai_edited"):
        yield Statement("iptc", claim, tool=line(credit, 80), detail="Credit")
    if name:
        tool = line(name, 80)
        yield Statement("iptc", program(name), tool=tool, detail="Originating Program")


def _datasets(data: bytes) -> dict[int, bytes]:
    """Return datasets of record 2 by their number, the first of each."""
    datasets: dict[int, bytes] = {}
    at = 0
    for _ in range(_MAX_DATASETS):
        if data[at : at + 1] != b"\x1c":
            break
        record, dataset = data[at + 1 : at + 2], data[at + 2 : at + 3]
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        if size & 0x8000 or at + 5 + size > len(data):  # extended datasets hold no text
            break
        if record == b"\2" and dataset:
            datasets.setdefault(dataset[0], data[at + 5 : at + 5 + size])
        at += 5 + size
    return datasets
