"""What the assertions of one manifest of content credentials amount to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakeface.provenance._label import read_label
from fakeface.provenance._text import as_dict, as_list
from fakeface.provenance._vocabulary import line, program, source_type
from fakeface.types._provenance import Claim

_MAX_ACTIONS = 256

# fmt: off
_EDITS = frozenset((
    "c2pa.adjustedColor", "c2pa.color_adjustments", "c2pa.cropped", "c2pa.drawing", "c2pa.edited",
    "c2pa.edited.metadata", "c2pa.enhanced", "c2pa.filtered", "c2pa.orientation", "c2pa.placed",
    "c2pa.redacted", "c2pa.removed", "c2pa.resized", "c2pa.unknown", "c2pa.watermarked",
))
_NO_EDITS = frozenset((
    "c2pa.converted", "c2pa.created", "c2pa.edited.metadata", "c2pa.opened", "c2pa.published",
    "c2pa.redacted", "c2pa.repackaged", "c2pa.transcoded", "c2pa.watermarked",
    "c2pa.watermarked.bound", "c2pa.watermarked.unbound",
))
# fmt: on
"""Actions that change the picture, and those that leave what it shows as it is."""

_STRONGEST: tuple[Claim, ...] = ("ai", "ai_edited", "suspected", "edited", "camera", "unknown")
_AI: tuple[Claim, ...] = ("ai", "ai_edited")


def claim_of(manifest: dict[str, Any], tool: str | None) -> tuple[Claim, list[str]]:
    """Return what the assertions of a manifest amount to, and its actions in words."""
    names: list[str] = []
    claims: set[Claim] = set()
    made = disclosed = False
    for assertion in map(as_dict, as_list(manifest.get("assertions"))):
        label, data = str(assertion.get("label", "")), as_dict(assertion.get("data"))
        if not label.startswith("c2pa.actions"):
            claims.update(_of_metadata(data))
            disclosed = disclosed or label.startswith("c2pa.ai-disclosure")
            continue
        for action in _actions(data):
            name = str(action.get("action", ""))
            agent = _agent(action.get("softwareAgent"))
            types = [found for value in _types(action) if (found := source_type(value))]
            by = [f"by {agent}"] if agent else []
            names.append(" ".join([name, *[term for _, term in types], *by]))
            claims.update(_of_action(name, action, agent or tool or "", [c for c, _ in types]))
            made = made or name == "c2pa.created"
    if disclosed and claims.isdisjoint(_AI):
        claims.add("ai_edited" if "camera" in claims else "ai")
        names.append("c2pa.ai-disclosure")
    claim: Claim = next((claim for claim in _STRONGEST if claim in claims), "unknown")
    if claim == "edited" and "camera" in claims and made:
        claim = "camera"  # taken and adjusted in one device
    return claim, [", ".join(dict.fromkeys(names))] if names else []


def _of_action(
    name: str, action: dict[str, Any], agent: str, types: list[Claim]
) -> Iterator[Claim]:
    """Yield what an action claims, by its source types, its program and its words."""
    for claim in types:
        # the source type of a change is about that change alone
        changed = claim == "ai" and name not in ("c2pa.created", "c2pa.opened")
        yield "ai_edited" if changed else claim
    if name in _EDITS:
        yield "edited"
    if name == "c2pa.created" and not types and program(agent) == "ai":
        yield "ai"
    if name and name not in _NO_EDITS:
        parameters = as_dict(action.get("parameters"))
        words = [action.get("description"), action.get("reason"), *parameters.values()]
        said = {program(word) for word in words if isinstance(word, str)}
        if program(agent) in _AI or "ai_edited" in said:
            yield "ai_edited"


def _of_metadata(data: dict[str, Any]) -> Iterator[Claim]:
    """Yield what metadata inside the credentials claims: a source type, or China's label."""
    for key, value in list(data.items())[:_MAX_ACTIONS]:
        name = _local(key)
        if name == "digitalsourcetype":
            for one in value if isinstance(value, list) else [value]:
                if (found := source_type(one)) is not None:
                    yield found[0]
        elif name == "aigc" and (label := read_label(value, "c2pa", known=True)) is not None:
            yield label.claim


def _actions(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the actions of an assertion and those related to them, filled in from templates."""
    agents = as_list(data.get("softwareAgents"))
    templates = [as_dict(template) for template in as_list(data.get("templates"))]
    for action in map(as_dict, as_list(data.get("actions"))[:_MAX_ACTIONS]):
        related = as_list(action.get("related"))[:_MAX_ACTIONS]
        for one in filter(None, map(as_dict, [action, *related])):
            filled: dict[str, Any] = {}
            for template in templates:
                if template.get("action") in ("*", one.get("action")):
                    filled |= template
            filled |= one
            index = filled.get("softwareAgentIndex")
            if isinstance(index, int) and 0 <= index < len(agents):
                filled.setdefault("softwareAgent", agents[index])
            yield filled


def _types(action: dict[str, Any]) -> Iterator[object]:
    """Yield the source types of an action, and those that Adobe writes among its parameters."""
    yield action.get("digitalSourceType")
    for key, value in as_dict(action.get("parameters")).items():
        if _local(key) == "digitalsourcetype":
            yield value


def _local(key: object) -> str:
    """Return the last part of a name that has a prefix, as in `com.adobe.digitalSourceType`."""
    name = str(key).lower().replace("_", "")
    return name.replace(":", ".").replace("/", ".").rpartition(".")[2]


def _agent(agent: object) -> str:
    """Return the name of the program that did an action; empty where it is not told."""
    name = agent.get("name") if isinstance(agent, dict) else agent
    return line(name, 60) if isinstance(name, str) else ""
