"""What content credentials state: each manifest of theirs, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakeface.provenance._actions import claim_of
from fakeface.provenance._text import as_dict, as_list
from fakeface.provenance._vocabulary import line, source_type
from fakeface.types._provenance import Statement, Subject, Trust

_MAX_INGREDIENTS = 16
_MAX_DEPTH = 8
_CREDENTIAL = "signingCredential."
_TRUSTED, _UNTRUSTED = f"{_CREDENTIAL}trusted", f"{_CREDENTIAL}untrusted"


def read_manifests(store: dict[str, Any], trust: Trust | None = None) -> Iterator[Statement]:
    """Yield the statements of content credentials: of the picture, then of its ingredients.

    Args:
        store: The credentials, in the form that the library of the Content Authenticity
            Initiative gives them.
        trust: The trust in all of them, where they were not checked; None for what `store` says.
    """
    manifests, label = as_dict(store.get("manifests")), store.get("active_manifest")
    manifest = as_dict(manifests.get(str(label)))
    results = as_dict(store.get("validation_results"))
    active = as_dict(results.get("activeManifest"))
    codes = _codes(active.get("failure") if results else store.get("validation_status"))
    checked = _trust(store.get("validation_state"), _codes(active.get("success")), codes)
    top = trust or checked
    yield _statement(manifest, top, codes, "picture")
    trusts: dict[str, Trust] = {str(label): top}
    found = _ingredients(manifests, str(label), "picture", 0)
    for _, (holder, ingredient, about) in zip(range(_MAX_INGREDIENTS), found, strict=False):
        name = str(ingredient.get("active_manifest"))
        if inner := as_dict(manifests.get(name)):
            passed, codes = _checked(results, ingredient, name)
            trusts[name] = trust or _trust_of_ingredient(top, passed, codes)
            yield _statement(inner, trusts[name], codes, about)
        source = source_type(ingredient.get("digital_source_type"))
        if source is not None:  # what somebody says of a picture that has no manifest
            detail = f"ingredient {source[1]}"
            yield Statement("c2pa", source[0], trusts[holder], detail=detail, about=about)


def _ingredients(
    manifests: dict[str, Any], label: str, about: Subject, depth: int
) -> Iterator[tuple[str, dict[str, Any], Subject]]:
    """Yield the ingredients of a manifest and theirs; only a parent's parent is a parent too.

    Each comes after the label of the manifest that holds it.
    """
    if depth >= _MAX_DEPTH:
        return
    manifest = as_dict(manifests.get(label))
    for ingredient in map(as_dict, as_list(manifest.get("ingredients"))[:_MAX_INGREDIENTS]):
        parent = ingredient.get("relationship") == "parentOf" and about != "component"
        kind: Subject = "parent" if parent else "component"
        yield label, ingredient, kind
        inner = str(ingredient.get("active_manifest"))
        if inner in manifests:
            yield from _ingredients(manifests, inner, kind, depth + 1)


def _statement(
    manifest: dict[str, Any], trust: Trust, codes: list[str], about: Subject
) -> Statement:
    tool = _tool(manifest)
    claim, details = claim_of(manifest, tool)
    signature = as_dict(manifest.get("signature_info"))
    signer = signature.get("issuer") or signature.get("common_name")
    if codes:
        details.append(", ".join(dict.fromkeys(codes)))
    if isinstance(time := signature.get("time"), str):
        details.append(f"signed {time}")
    return Statement(
        "c2pa",
        claim,
        trust,
        tool=tool,
        signer=line(signer, 80) if isinstance(signer, str) else None,
        detail=line("; ".join(details)),
        about=about,
    )


def _tool(manifest: dict[str, Any]) -> str | None:
    """Return name and version of the claim generator."""
    for info in map(as_dict, as_list(manifest.get("claim_generator_info"))[:1]):
        name, version = info.get("name"), info.get("version")
        if isinstance(name, str) and name:
            return line(f"{name} {version}" if isinstance(version, str) else name, 80)
    name = manifest.get("claim_generator")
    return line(name, 80) if isinstance(name, str) and name else None


def _codes(statuses: object) -> list[str]:
    codes = (as_dict(status).get("code") for status in as_list(statuses))
    return [code for code in codes if isinstance(code, str)]


def _checked(
    results: dict[str, Any], ingredient: dict[str, Any], name: str
) -> tuple[list[str], list[str]]:
    """Return the codes of what passed and what failed in checking an ingredient.

    What was recorded when it was taken in holds where checking it now gives the same; the
    differences are listed in the results of the store.
    """
    recorded = as_dict(as_dict(ingredient.get("validation_results")).get("activeManifest"))
    passed, failed = _codes(recorded.get("success")), _codes(recorded.get("failure"))
    for delta in map(as_dict, as_list(results.get("ingredientDeltas"))):
        changes = as_dict(delta.get("validationDeltas"))
        now_passed, now_failed = (
            _codes([s for s in as_list(changes.get(key)) if name in str(as_dict(s).get("url"))])
            for key in ("success", "failure")
        )
        if _TRUSTED in now_passed:
            failed = [code for code in failed if code != _UNTRUSTED]
        if _UNTRUSTED in now_failed:
            passed = [code for code in passed if code != _TRUSTED]
        passed, failed = passed + now_passed, failed + now_failed
    return passed, failed


def _trust(state: object, passed: list[str], failed: list[str]) -> Trust:
    """Return the trust in the active manifest, by the state of the store and the codes for it.

    An ingredient by an unknown signer is enough for the store not to be `Trusted`.
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
