"""Texts in which generators keep how a picture was made: their prompt, parameters or graph."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fakeface.provenance._vocabulary import line, program
from fakeface.types._provenance import Claim, Kind, Statement

_A1111 = re.compile(r"Steps: \d+, .{0,400}?\b(?:Sampler|CFG scale|Seed): ", re.DOTALL)
_VERSION = re.compile(r"\bVersion: ([^,\n]{1,60})")
_MIDJOURNEY = re.compile(
    r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE
)
_INVOKE = ("invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata")
_MAX_NODES = 2000


def read_texts(texts: list[tuple[str, str]]) -> Iterator[Statement]:
    """Yield the statements of the texts of a PNG file.

    Args:
        texts: Keywords and texts, in order.
    """
    named = dict(reversed(texts))  # the first of each
    if named.get("Software", "").strip() == "NovelAI":
        comment = _parsed(named.get("Comment", ""))
        prompt = comment.get("prompt") if isinstance(comment, dict) else None
        prompt = prompt or named.get("Description", "")
        tool = f"NovelAI ({named['Source']})" if named.get("Source") else "NovelAI"
        yield Statement("png", "ai", tool=line(tool, 80), detail=_prompt(prompt))
        named.pop("Software")
    invoke = next((key for key in _INVOKE if key in named), None)
    if invoke is not None:
        values = _parsed(named[invoke])
        if isinstance(values, dict):
            version = values.get("app_version")
            tool = f"InvokeAI {version}" if isinstance(version, str) else "InvokeAI"
            prompt = values.get("positive_prompt", "")
            yield Statement("png", "ai", tool=line(tool, 80), detail=_prompt(prompt))
    if "prompt" in named and "workflow" in named:
        named.pop("workflow")  # the same graph, as the editor draws it
    for key in ("parameters", "prompt", "workflow", "Description", "Dream", "UserComment"):
        found = from_text(key, named.get(key, ""), "png")
        if found is not None:
            yield found
    software = named.get("Software", "").strip()
    if software:
        yield Statement("png", program(software), tool=line(software, 80), detail="Software")


def from_text(key: str, text: str, kind: Kind) -> Statement | None:
    """Return what a text says under a key that generators use; None for anything else.

    Args:
        key: Keyword of a PNG text, or `parameters` for comments elsewhere.
        text: The text.
        kind: The kind of metadata that holds it.
    """
    if not text:
        return None
    if key in ("prompt", "workflow"):
        return _comfy(text, kind)
    if key == "Description":
        if _MIDJOURNEY.search(text):
            return Statement(kind, "ai", tool="Midjourney", detail=_prompt(text))
        return None
    if key == "Dream":
        if re.search(r" -s ?\d+", text):
            return Statement(kind, "ai", tool="InvokeAI", detail=_prompt(text))
        return None
    if _A1111.match(text, text.rfind("\nSteps: ") + 1):
        version = _VERSION.search(text)
        tool = f"Stable Diffusion {version[1]}" if version else "Stable Diffusion"
        return Statement(kind, "ai", tool=line(tool, 80), detail=_prompt(text))
    return _from_json(text, kind)


def _from_json(text: str, kind: Kind) -> Statement | None:
    """Return the statement of parameters in JSON: SwarmUI, Draw Things, Fooocus."""
    values = _parsed(text)
    if not isinstance(values, dict):
        return None
    if isinstance(swarm := values.get("sui_image_params"), dict):
        return Statement(kind, "ai", tool="SwarmUI", detail=_prompt(swarm.get("prompt", "")))
    if not ("seed" in values and {"steps", "sampler"} & values.keys()):
        return None
    if "c" in values:
        return Statement(kind, "ai", tool="Draw Things", detail=_prompt(values["c"]))
    return Statement(kind, "ai", detail=_prompt(values.get("prompt", "")))


def is_comfy(text: str) -> bool:
    """Return whether a text is a graph of ComfyUI."""
    return bool(_nodes(text))


def _comfy(text: str, kind: Kind) -> Statement | None:
    """Return what a graph of ComfyUI made: a picture from nothing, or from another."""
    nodes = _nodes(text)
    if not nodes:
        return None
    names = {name for name, _ in nodes}
    sampled = any("Sampler" in name for name in names)
    claim: Claim = "ai" if sampled else "unknown"
    if sampled and "LoadImage" in names and not any(name.startswith("Empty") for name in names):
        claim = "ai_edited"
    detail = _prompt(next((text for name, text in nodes if name == "CLIPTextEncode" and text), ""))
    return Statement(kind, claim, tool="ComfyUI", detail=detail or "graph without a sampler")


def _nodes(text: str) -> list[tuple[str, str]]:
    """Return class and prompt of the nodes of a graph; empty for anything else."""
    graph = _parsed(text)
    if not isinstance(graph, dict):
        return []
    if isinstance(graph.get("nodes"), list):  # as the editor saves it
        found = [
            (node["type"], next(iter(node.get("widgets_values") or [""]), ""))
            for node in graph["nodes"][:_MAX_NODES]
            if isinstance(node, dict)
            and isinstance(node.get("type"), str)
            and isinstance(node.get("widgets_values") or [], list)
        ]
    else:
        found = [
            (node["class_type"], node["inputs"].get("text", ""))
            for node in list(graph.values())[:_MAX_NODES]
            if isinstance(node, dict)
            and isinstance(node.get("class_type"), str)
            and isinstance(node.get("inputs"), dict)
        ]
    return [(name, prompt if isinstance(prompt, str) else "") for name, prompt in found]


def _parsed(text: str) -> Any:
    """Return the value of a JSON object; None for anything else."""
    text = text.strip("\0 \r\n\t")
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _prompt(text: object) -> str:
    return f"prompt: {line(text)}" if isinstance(text, str) and text.strip() else ""
