"""Texts in which generators keep how a picture was made: their prompt, parameters or graph.

A text says the same wherever it stands: in a PNG, in a comment of JPEG or GIF, in EXIF, IPTC or
XMP.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fakeface.provenance._comfy import read_graph
from fakeface.provenance._label import read_label
from fakeface.provenance._text import parsed, readings
from fakeface.provenance._vocabulary import line, program, prompt
from fakeface.types._provenance import Kind, Statement

_A1111 = re.compile(r"Steps: \d+, .{0,400}?\b(?:Sampler|CFG scale|Seed): ", re.DOTALL)
_VERSION = re.compile(r"\bVersion: ([^,\n]{1,60})")
_MIDJOURNEY = re.compile(
    r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE
)
_DREAM = re.compile(r'" -s ?\d+ -S ?\d+')
_INVOKE = ("invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata")
_FIRST = ("parameters", "prompt", "workflow")
_INNER = ("prompt", "workflow", "extraMetadata", "metadata", "parameters", "Comment")
"""Keys under which one object holds another, as it is or as a text."""

_MAX_DEPTH = 3
_PROMPTS = ("prompt", "positiveprompt", "fullprompt", "c")
_SETTINGS = frozenset(
    (
        "basemodel", "cfgscale", "guidancescale", "negativeprompt", "numinferencesteps",
        "sampler", "samplername", "scheduler", "seed", "steps", "usestablediffusionmodel",
    )
)  # fmt: skip
_TELLING = frozenset(("numinferencesteps", "sampler", "samplername", "seed", "steps"))


def read_texts(texts: list[tuple[str, str]]) -> Iterator[Statement]:
    """Yield the statements of the texts of a PNG file, one of each program."""
    named = dict(reversed(texts))  # the first of each
    said: set[tuple[str | None, str]] = set()
    order = sorted(named, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))
    for found in _under_keys(named, order):
        if (found.tool, found.claim) not in said:
            said.add((found.tool, found.claim))
            yield found
    software = named.get("Software", "").strip()
    if software and not (program(software) == "ai" and said):
        yield Statement("png", program(software), tool=line(software, 80), detail="Software")


def _under_keys(named: dict[str, str], order: list[str]) -> Iterator[Statement]:
    """Yield what stands under keywords that generators use, and what all texts say together."""
    for key in [key for key in named if key.upper().endswith("AIGC")]:
        if (label := read_label(named.pop(key), "png", known=True)) is not None:
            yield label
    invoke = next((key for key in _INVOKE if key in named), None)
    if invoke is not None and (values := parsed(named[invoke])):
        yield _invoke(values, "png")
    worth = any(text.lstrip().startswith(("{", "NovelAI")) for text in named.values())
    worth = worth or "prompt" in named or "Prompt" in named
    together = _from_values(dict(named), "png", 0) if worth else None
    if together is not None:
        yield together
    for key in order:
        if together is not None and key in _INNER and parsed(named[key]):
            continue  # part of the same
        if (found := from_text(named.get(key, ""), "png")) is not None:
            yield found


def from_comments(comments: Iterable[bytes], kind: Kind) -> Iterator[Statement]:
    """Yield what comments say, each in the encoding in which it says something."""
    for comment in comments:
        found = first_of(readings(comment), kind)
        if found is not None:
            yield found


def first_of(texts: Iterable[str], kind: Kind) -> Statement | None:
    """Return what the first text says that says anything; None where none does."""
    return next((found for text in texts if (found := from_text(text, kind)) is not None), None)


def from_text(text: str, kind: Kind) -> Statement | None:
    """Return what a text by a generator says; None for anything else."""
    name, _, rest = text[:16].partition(":")
    if name.strip().lower() in ("prompt", "workflow") and rest.lstrip().startswith("{"):
        text = text.partition(":")[2]  # as ComfyUI writes it into WebP
    if values := parsed(text):
        return _from_values(values, kind, 0)
    starts = (text.rfind(before) + 1 for before in ("\nSteps: ", " Steps: "))
    if any(_A1111.match(text, start) for start in starts):  # XML may have made lines spaces
        version = _VERSION.search(text)
        tool = f"Stable Diffusion {version[1]}" if version else "Stable Diffusion"
        return Statement(kind, "ai", tool=line(tool, 80), detail=prompt(text))
    if _MIDJOURNEY.search(text):
        return Statement(kind, "ai", tool="Midjourney", detail=prompt(text))
    if text.startswith('"') and _DREAM.search(text):
        return Statement(kind, "ai", tool="InvokeAI", detail=prompt(text))
    return None


def _from_values(values: dict[str, Any], kind: Kind, depth: int) -> Statement | None:
    """Return what an object in JSON says, or one inside it; rather how it was made than less."""
    weak: Statement | None = None
    for found in _candidates(values, kind, depth):
        if found.claim != "unknown":
            return found
        weak = weak or found
    return weak


def _candidates(values: dict[str, Any], kind: Kind, depth: int) -> Iterator[Statement]:
    if (label := read_label(values, kind)) is not None:
        yield label
    if isinstance(swarm := values.get("sui_image_params"), dict):
        yield Statement(kind, "ai", tool="SwarmUI", detail=prompt(swarm.get("prompt", "")))
    if any(str(values.get(key)).startswith("NovelAI") for key in ("Software", "Source", "Title")):
        text = parsed(values.get("Comment")).get("prompt") or values.get("Description", "")
        source = values.get("Source")
        tool = f"NovelAI ({source})" if isinstance(source, str) and source else "NovelAI"
        yield Statement(kind, "ai", tool=line(tool, 80), detail=prompt(text))
    if "app_version" in values and {"positive_prompt", "generation_mode", "app_id"} & values.keys():
        yield _invoke(values, kind)
    if (graph := read_graph(values, kind)) is not None:
        yield graph
    for key in _INNER if depth < _MAX_DEPTH else ():
        inner = parsed(values.get(key))
        if inner and (found := _from_values(inner, kind, depth + 1)) is not None:
            yield found
    if (settings := _settings(values, kind)) is not None:
        yield settings


def _settings(values: dict[str, Any], kind: Kind) -> Statement | None:
    """Return what settings of diffusion say: Draw Things, Easy Diffusion, Fooocus and others."""
    keys = {re.sub(r"[^a-z]", "", key.lower()): key for key in list(values)[:256]}
    text = next((values[keys[key]] for key in _PROMPTS if key in keys), None)
    found = _SETTINGS & keys.keys()
    version, software = values.get("version"), values.get("software")
    named = any(program(str(value)) == "ai" for value in (version, software))
    enough = len(found) + (text is not None) > 2 or {"seed", "steps"} <= found or named
    if not (enough and (found & _TELLING or (named and text is not None))):
        return None
    tool = None
    if isinstance(software, str) and software:
        tool = f"{software} {version}" if isinstance(version, str) else software
    elif isinstance(version, str) and version.startswith("Fooocus"):
        tool = version
    elif "c" in keys:
        tool = "Draw Things"
    elif {"usestablediffusionmodel", "stablediffusionmodel"} & keys.keys():
        tool = "Easy Diffusion"
    if isinstance(text, list):
        text = ", ".join(str(part) for part in text[:8])
    return Statement(kind, "ai", tool=line(tool, 80) if tool else None, detail=prompt(text))


def _invoke(values: dict[str, Any], kind: Kind) -> Statement:
    version = values.get("app_version")
    tool = f"InvokeAI {version}" if isinstance(version, str) else "InvokeAI"
    return Statement(kind, "ai", tool=line(tool, 80), detail=prompt(values.get("positive_prompt")))
