"""Content credentials by their structure alone (JUMBF, ISO 19566-5): what they claim, unchecked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fakeface.provenance._blocks import is_c2pa_store
from fakeface.provenance._cbor import read_cbor
from fakeface.provenance._text import as_dict

_MAX_BOXES = 4096
_LABELLED = 2


def read_store(data: bytes) -> dict[str, Any]:
    """Return manifests in the form that the library gives them, as far as claims are concerned.

    Raises:
        ValueError: It is none, or one of its claims or assertions is broken.
    """
    if not is_c2pa_store(data):
        raise ValueError("no manifest store")
    manifests: dict[str, Any] = {}
    active = None
    for label, inside in _children(data):
        if not label:
            continue
        active, manifests[label] = label, _manifest(inside)
    return {"active_manifest": active, "manifests": manifests}


def _manifest(data: bytes) -> dict[str, Any]:
    manifest: dict[str, Any] = {"assertions": [], "ingredients": []}
    for label, inside in _children(data):
        if label.startswith("c2pa.claim"):
            claim = as_dict(_content(inside))
            info = claim.get("claim_generator_info")
            manifest["claim_generator_info"] = info if isinstance(info, list) else [info]
            manifest["claim_generator"] = claim.get("claim_generator")
        elif label == "c2pa.assertions":
            for name, assertion in _children(inside):
                value = as_dict(_content(assertion))
                if name.startswith("c2pa.ingredient"):
                    manifest["ingredients"].append(_ingredient(value))
                else:
                    manifest["assertions"].append({"label": name, "data": value})
    return manifest


def _ingredient(value: dict[str, Any]) -> dict[str, Any]:
    url = as_dict(value.get("activeManifest") or value.get("c2pa_manifest")).get("url")
    return {
        "relationship": value.get("relationship"),
        "digital_source_type": value.get("digitalSourceType"),
        "active_manifest": url.rpartition("/")[2] if isinstance(url, str) else None,
    }


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and whole bytes of the boxes in some bytes."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        if size < 8 or at + size > len(data):
            raise ValueError("a box that is cut off")
        yield data[at + 4 : at + 8], data[at : at + size]
        at += size


def _children(superbox: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield label and whole bytes of the superboxes in a superbox."""
    for kind, inside in _boxes(superbox[8:]):
        if kind == b"jumb":
            yield _label(inside), inside


def _label(superbox: bytes) -> str:
    size = int.from_bytes(superbox[8:12], "big")
    if superbox[12:16] != b"jumd" or size < 25 or not superbox[32] & _LABELLED:
        return ""
    return superbox[33 : 8 + size].split(b"\0", 1)[0].decode("utf-8", "replace")


def _content(superbox: bytes) -> Any:
    """Return the value in a superbox; None where it holds no CBOR or JSON."""
    for kind, box in _boxes(superbox[8:]):
        if kind == b"cbor":
            return read_cbor(box[8:])
        if kind == b"json":
            return json.loads(box[8:])
    return None
