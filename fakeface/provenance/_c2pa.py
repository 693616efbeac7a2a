"""C2PA content credentials, checked by the library of the Content Authenticity Initiative.

Nothing is fetched: neither remote manifests nor revocations, and the library may reach no host.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from fakeface.provenance._blocks import MAX_C2PA, Blocks
from fakeface.provenance._manifests import read_manifests
from fakeface.provenance._trust import bundled
from fakeface.provenance._vocabulary import line
from fakeface.types._provenance import Statement, Trust

INSTALL = "pip install c2pa-python"
"""The command that installs what checks content credentials."""

_MAX_JSON = 8 << 20


def read_c2pa(data: bytes, blocks: Blocks, anchors: str | None) -> Iterator[Statement]:
    """Yield the statements of content credentials: of the picture, then of its ingredients."""
    size = sum(end - start for start, end in blocks.c2pa)
    if size > MAX_C2PA:
        detail = f"{size:,} bytes are more than the {MAX_C2PA:,} that are checked"
        yield Statement("c2pa", "unknown", "unverified", detail=detail)
        return
    try:
        import c2pa
    except ImportError:
        yield from _claimed(data, blocks, "unverified", f"to check them: {INSTALL}")
        return
    try:
        context = _context(bundled() if anchors is None else anchors)
        with c2pa.Reader(blocks.mime, io.BytesIO(data), context=context) as reader:
            text = reader.json()
    except (c2pa.C2paError, ValueError) as error:
        # the store is there, and not what it should be
        yield from _claimed(data, blocks, "broken", line(error))
        return
    if len(text) > _MAX_JSON:
        blocks.problems.append(f"c2pa: {len(text):,} characters are too many")
        yield Statement("c2pa", "unknown", "unverified")
        return
    yield from read_manifests(json.loads(text))


def _claimed(data: bytes, blocks: Blocks, trust: Trust, why: str) -> Iterator[Statement]:
    """Yield what content credentials claim by their structure, where they were not checked."""
    from fakeface.provenance._jumbf import read_store

    try:
        found = [*read_manifests(read_store(b"".join(data[a:b] for a, b in blocks.c2pa)), trust)]
    except ValueError:
        found = []
    first = found[0] if found else Statement("c2pa", "unknown", trust)
    yield replace(first, detail=line("; ".join(filter(None, (first.detail, why)))))
    yield from found[1:]


def check_anchors(anchors: str) -> None:
    """Prepare for checking signatures against certificates.

    Raises:
        ImportError: The extra `c2pa` is not installed.
        ValueError: The certificates cannot be read.
    """
    import c2pa

    try:
        _context(anchors)
    except c2pa.C2paError as error:
        raise ValueError(line(error)) from error


@lru_cache(maxsize=4)
def _context(anchors: str) -> Any:
    """Return how files are checked; it may be shared between threads."""
    import c2pa

    settings: dict[str, Any] = {
        "verify": {
            "verify_after_reading": True,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "trust": {"trust_anchors": anchors},
        "core": {
            "allowed_network_hosts": [],
            "max_decompressed_manifest_size_in_mb": MAX_C2PA >> 20,
        },
    }
    return c2pa.Context.from_dict(settings)
