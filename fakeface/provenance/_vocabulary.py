"""Words that name origins: IPTC's digital source types, and names of programs."""

from __future__ import annotations

import re

from fakeface.types._provenance import Claim

SOURCE_TYPES: dict[str, Claim] = {
    "algorithmicmedia": "unknown",  # fractals and the like, from no training data
    "algorithmicallyenhanced": "edited",
    "composite": "edited",
    "compositecapture": "edited",
    "compositesynthetic": "ai_edited",
    "compositewithtrainedalgorithmicmedia": "ai_edited",
    "computationalcapture": "camera",
    "digitalcapture": "camera",
    "humanedits": "edited",
    "minorhumanedits": "edited",
    "negativefilm": "camera",
    "positivefilm": "camera",
    "print": "camera",
    "trainedalgorithmicdata": "ai",
    "trainedalgorithmicmedia": "ai",
}
"""Claims of terms of https://cv.iptc.org/newscodes/digitalsourcetype/ (and of C2PA), in lower case;
those that are not listed, such as `screenCapture`, are `unknown`."""

_AI_EDIT = re.compile(
    r"\bedited (?:with|using|by) (?:google )?ai\b|\bclean up\b|\bgenerative (?:fill|expand)\b"
    r"|\bmagic (?:eraser|editor)\b",
    re.IGNORECASE,
)
_AI = re.compile(
    r"\b(?:adobe firefly|automatic1111|bing image creator|chatgpt|comfyui|dall[-·e ]*e|draw things"
    r"|easy diffusion|fooocus|google ai|gpt-4o|gpt-image|ideogram|image playground|invokeai"
    r"|leonardo\.ai|made with ai|midjourney|novelai|openai|sd\.next|stability ai"
    r"|stable[ -]?diffusion|swarmui)\b",
    re.IGNORECASE,
)
_EDITOR = re.compile(
    r"\b(?:acorn|acdsee|affinity|canva|capture one|capcut|corel|darktable|digikam|f-spot|facetune"
    r"|faceapp|gimp|imageready|irfanview|krita|lightroom|luminar|meitu|paint\.net"
    r"|photodirector|photopea|photoscape|photoshop|picasa|picsart|pixelmator|polarr|rawtherapee|remini|shotwell|snapseed|topaz|vsco|xnview)\b",
    re.IGNORECASE,
)


def source_type(value: str) -> tuple[Claim, str] | None:
    """Return what a digital source type claims, and its term.

    Args:
        value: The URI of a term, or the term.

    Returns:
        None where it is no term at all.
    """
    term = re.split(r"[/#:]", value.strip().rstrip("/"))[-1]
    if not re.fullmatch(r"[A-Za-z]{3,64}", term) or term == "empty":
        return None
    return SOURCE_TYPES.get(term.lower(), "unknown"), term


def program(name: str) -> Claim:
    """Return what it means that a field for programs (or the credit) holds a name."""
    if _AI_EDIT.search(name):
        return "ai_edited"
    if _AI.search(name):
        return "ai"
    return "edited" if _EDITOR.search(name) else "unknown"


def line(text: object, most: int = 200) -> str:
    """Return a text as one printable line of at most `most` characters."""
    words = " ".join(str(text)[: 4 * most].split())
    words = "".join(c if c.isprintable() else "\ufffd" for c in words)
    return words if len(words) <= most else words[: most - 1] + "…"
