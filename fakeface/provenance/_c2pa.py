"""C2PA content credentials, checked by the library of the Content Authenticity Initiative.

Nothing is fetched: neither remote manifests nor revocations, and the library may reach no host.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fakeface.provenance._blocks import MAX_C2PA, Blocks
from fakeface.provenance._vocabulary import line, source_type
from fakeface.types._provenance import Claim, Statement, Subject, Trust

INSTALL = "pip install c2pa-python"
"""The command that installs what checks content credentials."""

_MAX_JSON = 8 << 20
_MAX_INGREDIENTS = 16
_MAX_DEPTH = 8
_MAX_ACTIONS = 256

# fmt: off
_EDITS = frozenset((
    "c2pa.adjustedColor", "c2pa.color_adjustments", "c2pa.cropped", "c2pa.drawing", "c2pa.edited",
    "c2pa.filtered", "c2pa.orientation", "c2pa.placed", "c2pa.redacted", "c2pa.removed",
    "c2pa.resized", "c2pa.unknown", "c2pa.watermarked",
))
# fmt: on
_CREDENTIAL = "signingCredential."
_TRUSTED, _UNTRUSTED = f"{_CREDENTIAL}trusted", f"{_CREDENTIAL}untrusted"
_STRONGEST: tuple[Claim, ...] = ("ai", "ai_edited", "edited", "camera", "unknown")


def read_c2pa(data: bytes, blocks: Blocks, anchors: str | None) -> Iterator[Statement]:
    """Yield the statements of content credentials: of the picture, then of its ingredients.

    Args:
        data: The file.
        blocks: What the container holds; its `problems` are added to.
        anchors: Certificates of those whose signatures are trusted, in PEM; None for none.
    """
    if blocks.c2pa > MAX_C2PA:
        detail = f"{blocks.c2pa:,} bytes are more than the {MAX_C2PA:,} that are checked"
        yield Statement("c2pa", "unknown", "unverified", detail=detail)
        return
    try:
        import c2pa
    except ImportError:
        yield Statement("c2pa", "unknown", "unverified", detail=f"to check them: {INSTALL}")
        return
    try:
        with c2pa.Reader(blocks.mime, io.BytesIO(data), context=_context(anchors)) as reader:
            text = reader.json()
    except (c2pa.C2paError, ValueError) as error:
        # the store is there, and not what it should be
        yield Statement("c2pa", "unknown", "broken", detail=line(error))
        return
    if len(text) > _MAX_JSON:
        blocks.problems.append(f"c2pa: {len(text):,} characters are too many")
        yield Statement("c2pa", "unknown", "unverified")
        return
    yield from _statements(json.loads(text))


def check_anchors(anchors: str) -> None:
    """Prepare for checking signatures against certificates.

    Args:
        anchors: Certificates in PEM.

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
def _context(anchors: str | None) -> Any:
    """Return how files are checked; it may be shared between threads."""
    import c2pa

    settings: dict[str, Any] = {
        "verify": {
            "verify_after_reading": True,
            "verify_trust": True,
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
        },
        "core": {
            "allowed_network_hosts": [],
            "max_decompressed_manifest_size_in_mb": MAX_C2PA >> 20,
        },
    }
    if anchors is not None:
        settings["trust"] = {"trust_anchors": anchors}
    return c2pa.Context.from_dict(settings)


def _statements(store: dict[str, Any]) -> Iterator[Statement]:
    manifests, label = _dict(store.get("manifests")), store.get("active_manifest")
    manifest = _dict(manifests.get(str(label)))
    results = _dict(store.get("validation_results"))
    active = _dict(results.get("activeManifest"))
    codes = _codes(active.get("failure") if results else store.get("validation_status"))
    trust = _trust(store.get("validation_state"), _codes(active.get("success")), codes)
    yield _statement(manifest, trust, codes, "picture")
    for number, (ingredient, about) in enumerate(_ingredients(manifests, manifest, "picture", 0)):
        if number == _MAX_INGREDIENTS:
            break
        name = str(ingredient.get("active_manifest"))
        if inner := _dict(manifests.get(name)):
            passed, codes = _checked(results, ingredient, name)
            yield _statement(inner, _trust_of_ingredient(trust, passed, codes), codes, about)


def _ingredients(
    manifests: dict[str, Any], manifest: dict[str, Any], about: Subject, depth: int
) -> Iterator[tuple[dict[str, Any], Subject]]:
    """Yield the ingredients of a manifest and theirs; only a parent's parent is a parent too."""
    if depth >= _MAX_DEPTH:
        return
    for ingredient in map(_dict, _list(manifest.get("ingredients"))[:_MAX_INGREDIENTS]):
        parent = ingredient.get("relationship") == "parentOf" and about != "component"
        kind: Subject = "parent" if parent else "component"
        yield ingredient, kind
        inner = _dict(manifests.get(str(ingredient.get("active_manifest"))))
        yield from _ingredients(manifests, inner, kind, depth + 1)


def _statement(
    manifest: dict[str, Any], trust: Trust, codes: list[str], about: Subject
) -> Statement:
    claim, details = _actions(manifest)
    signature = _dict(manifest.get("signature_info"))
    signer = signature.get("issuer") or signature.get("common_name")
    if codes:
        details.append(", ".join(dict.fromkeys(codes)))
    if isinstance(time := signature.get("time"), str):
        details.append(f"signed {time}")
    return Statement(
        "c2pa",
        claim,
        trust,
        tool=_tool(manifest),
        signer=line(signer, 80) if isinstance(signer, str) else None,
        detail=line("; ".join(details)),
        about=about,
    )


def _actions(manifest: dict[str, Any]) -> tuple[Claim, list[str]]:
    """Return what the actions of a manifest amount to, and their names and source types."""
    names: list[str] = []
    claims: set[Claim] = set()
    created = False
    for assertion in map(_dict, _list(manifest.get("assertions"))):
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        actions = _list(_dict(assertion.get("data")).get("actions"))
        for action in map(_dict, actions[:_MAX_ACTIONS]):
            name = str(action.get("action", ""))
            found = source_type(str(action.get("digitalSourceType") or ""))
            agent = _agent(action.get("softwareAgent"))
            words = [name, *([found[1]] if found else []), *([f"by {agent}"] if agent else [])]
            names.append(" ".join(words))
            if found is not None:
                # a source type of a later action is about that change alone
                changed = found[0] == "ai" and name != "c2pa.created"
                claims.add("ai_edited" if changed else found[0])
            created = created or name == "c2pa.created"
            if name in _EDITS:
                claims.add("edited")
    claim: Claim = next((claim for claim in _STRONGEST if claim in claims), "unknown")
    if claim == "edited" and "camera" in claims and created:
        claim = "camera"  # taken and adjusted in one device
    return claim, [", ".join(dict.fromkeys(names))] if names else []


def _agent(agent: object) -> str:
    """Return the name of the program that did an action; empty where it is not told."""
    name = agent.get("name") if isinstance(agent, dict) else agent
    return line(name, 60) if isinstance(name, str) else ""


def _tool(manifest: dict[str, Any]) -> str | None:
    """Return name and version of the claim generator."""
    for info in map(_dict, _list(manifest.get("claim_generator_info"))[:1]):
        name, version = info.get("name"), info.get("version")
        if isinstance(name, str) and name:
            return line(f"{name} {version}" if isinstance(version, str) else name, 80)
    name = manifest.get("claim_generator")
    return line(name, 80) if isinstance(name, str) and name else None


def _codes(statuses: object) -> list[str]:
    codes = (_dict(status).get("code") for status in _list(statuses))
    return [code for code in codes if isinstance(code, str)]


def _checked(
    results: dict[str, Any], ingredient: dict[str, Any], name: str
) -> tuple[list[str], list[str]]:
    """Return the codes of what passed and what failed in checking an ingredient.

    What was recorded when it was taken in holds where checking it now gives the same; the
    differences are listed in the results of the store.

    Args:
        results: The results of the store.
        ingredient: The ingredient.
        name: Label of its manifest.
    """
    recorded = _dict(_dict(ingredient.get("validation_results")).get("activeManifest"))
    passed, failed = _codes(recorded.get("success")), _codes(recorded.get("failure"))
    for delta in map(_dict, _list(results.get("ingredientDeltas"))):
        changes = _dict(delta.get("validationDeltas"))
        now_passed, now_failed = (
            _codes([s for s in _list(changes.get(key)) if name in str(_dict(s).get("url"))])
            for key in ("success", "failure")
        )
        if _TRUSTED in now_passed:
            failed = [code for code in failed if code != _UNTRUSTED]
        if _UNTRUSTED in now_failed:
            passed = [code for code in passed if code != _TRUSTED]
        passed, failed = passed + now_passed, failed + now_failed
    return passed, failed


def _trust(state: object, passed: list[str], failed: list[str]) -> Trust:
    """Return the trust in the active manifest.

    Args:
        state: State of the whole store: `Trusted`, `Valid` or `Invalid`; an ingredient by an
            unknown signer is enough for it not to be `Trusted`.
        passed: Codes of what passed in checking the active manifest.
        failed: Codes of what failed.
    """
    if any(not code.startswith(_CREDENTIAL) for code in failed):
        return "broken"
    if state == "Trusted" or (state == "Valid" and _TRUSTED in passed and not failed):
        return "trusted"
    return "unknown_signer" if state == "Valid" or failed else "broken"


def _trust_of_ingredient(store: Trust, passed: list[str], failed: list[str]) -> Trust:
    """Return the trust in the manifest of an ingredient; never more than that in the store."""
    if store == "broken" or any(not code.startswith(_CREDENTIAL) for code in failed):
        return "broken"
    trusted = store == "trusted" and _TRUSTED in passed and not failed
    return "trusted" if trusted else "unknown_signer"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
