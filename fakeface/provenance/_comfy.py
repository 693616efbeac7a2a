"""Graphs of ComfyUI: whether they make a picture, and from what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fakeface.provenance._text import as_dict, as_list, parsed
from fakeface.provenance._vocabulary import prompt
from fakeface.types._provenance import Claim, Kind, Statement

_MAX_NODES = 2000
_MAX_DEPTH = 4
_SAMPLER = re.compile(
    r"(?<!re)(?<!up)(?<!down)sample(?!d)|detailer|ultimatesdupscale"
    r"|(?:text|txt|image|img)_?(?:to|2)_?(?:image|img)|generate_?image|image_?generat",
    re.IGNORECASE,
)
"""Nodes that make a picture, here or elsewhere."""

_SERVICE = re.compile(
    r"gemini|nano_?banana|imagen\d|openai|gptimage|dall_?e|flux\w*(?:pro|max|ultra|api)|^bfl"
    r"|ideogram|recraft|stability|luma(?!sk)|runway|kling|bytedance|seed(?:ream|edit|ance)|topaz"
    r"|(?:wan|qwen|hunyuan|hailuo|tencent)\w*api|minimax|pixverse|^veo|grok|^bria|moonvalley"
    r"|^vidu|^sora|midjourney|leonardo|freepik|magnific|^replicate|wavespeed|^krea|firefly"
    r"|^reve(?:image|create|edit|remix)",
    re.IGNORECASE,
)
"""Nodes that ask a service."""

_NO_PICTURE = re.compile(
    r"chat|caption|describe|text(?!_?to|2)|input_?files|config|prompt|llm|^gemini_?node"
    r"|speech|audio|model$|select|style|color|concept|loader",
    re.IGNORECASE,
)
"""Nodes of services whose result is something else, where the graph does not tell."""

_FINDS = re.compile(
    r"segment|dino|sam(?![a-z])|detect|mask|crop|load|save|preview|draw|overlay|watermark|label",
    re.IGNORECASE,
)
"""Nodes that take a text and give a picture, and make none."""

_IMAGE_INPUT = re.compile(r"(?:^|_)(?:images?|pixels|img|frames|video)\d*$", re.IGNORECASE)
_LOADER = re.compile(r"load_?(?:image|video)(?!.*mask)|image_?load", re.IGNORECASE)
_PROMPTS = ("prompt", "positive_prompt", "positive", "text", "text_prompt")
_UNUSED = (2, 4)
"""Modes of nodes that the editor mutes, and passes by."""


@dataclass(slots=True)
class _Node:
    """A node of a graph.

    Attributes:
        name: Its class.
        text: Its prompt, if it has one.
        takes_prompt: Whether one of its own values is a prompt.
        gives_image: Whether its result is a picture, as far as the graph tells; None for unknown.
    """

    name: str
    text: str = ""
    takes_prompt: bool = False
    gives_image: bool | None = None


def read_graph(value: object, kind: Kind) -> Statement | None:
    """Return what a graph made: a picture from nothing, or from another; None for anything else."""
    graph = parsed(value)
    nodes = [*_run(graph)] if "nodes" not in graph else [*_saved(graph)]
    if not nodes:
        return None
    names = {node.name for node in nodes}
    made = any(map(_makes, nodes))
    claim: Claim = "ai" if made else "unknown"
    if made and any(map(_LOADER.search, names)) and not any(n.startswith("Empty") for n in names):
        claim = "ai_edited"
    texts = (node for node in nodes if node.name == "CLIPTextEncode" or _makes(node))
    detail = prompt(next((node.text for node in texts if node.text), ""))
    nothing = "graph without a prompt" if made else "graph without a sampler"
    return Statement(kind, claim, tool="ComfyUI", detail=detail or nothing)


def _makes(node: _Node) -> bool:
    """Return whether a node makes a picture."""
    if _SAMPLER.search(node.name):
        return True
    if node.gives_image is False:
        return False
    if _SERVICE.search(node.name):
        return bool(node.gives_image) or not _NO_PICTURE.search(node.name)
    # a service that is not known: a text goes in, and a picture comes out
    return node.takes_prompt and bool(node.gives_image) and not _FINDS.search(node.name)


def _run(graph: dict[str, Any]) -> Iterator[_Node]:
    """Yield the nodes of a graph as it is run: by number, with their inputs."""
    found: dict[str, _Node] = {}
    used: dict[str, set[str]] = {}
    for key, given in list(graph.items())[:_MAX_NODES]:
        described = as_dict(given)
        if not isinstance(described.get("class_type"), str):
            continue
        found[key] = made = _Node(described["class_type"])
        for name, value in as_dict(described.get("inputs")).items():
            if isinstance(value, list) and value and isinstance(value[0], (str, int)):
                used.setdefault(str(value[0]), set()).add(str(name))
            elif isinstance(value, str):
                _take(made, str(name), value)
    for key, node in found.items():
        if key in used:
            node.gives_image = any(map(_IMAGE_INPUT.search, used[key]))
        yield node


def _take(node: _Node, name: str, value: str) -> None:
    """Take a value of a node that may be its prompt."""
    if name.lower() in _PROMPTS:
        node.text = node.text or value
        node.takes_prompt = node.takes_prompt or name.lower() != "text"


def _saved(graph: dict[str, Any], depth: int = 0) -> Iterator[_Node]:
    """Yield the nodes of a graph as the editor saves it, those in subgraphs and groups too."""
    if depth > _MAX_DEPTH:
        return
    for node in map(as_dict, as_list(graph.get("nodes"))[:_MAX_NODES]):
        if not isinstance(node.get("type"), str) or node.get("mode") in _UNUSED:
            continue
        made = _Node(node["type"])
        values = node.get("widgets_values")
        for name, value in as_dict(values).items():
            if isinstance(value, str):
                _take(made, str(name), value)
        if (texts := as_list(values)) and isinstance(texts[0], str):
            made.text = texts[0]
            made.takes_prompt = len(made.text.split()) > 2
        inputs = [as_dict(entry).get("name") for entry in as_list(node.get("inputs"))]
        made.takes_prompt = made.takes_prompt or "prompt" in inputs
        if outputs := as_list(node.get("outputs")):
            made.gives_image = any(as_dict(entry).get("type") == "IMAGE" for entry in outputs)
        yield made
    for name, key in (("definitions", "subgraphs"), ("extra", "groupNodes")):
        inner = as_dict(graph.get(name)).get(key)
        for part in [*as_dict(inner).values(), *as_list(inner)][:_MAX_NODES]:
            yield from _saved(as_dict(part), depth + 1)
