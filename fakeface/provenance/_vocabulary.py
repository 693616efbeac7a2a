"""Words that name origins: IPTC's digital source types, and names of programs."""

from __future__ import annotations

import re
from typing import Any

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
    r"\bedited (?:with|using|by) (?:google )?ai\b|^clean up$|\b(?:apple|photos) clean up\b"
    r"|\bgenerative (?:fill|expand|remove|edit|erase|upscale)\b"
    r"|\bmagic (?:eraser|editor|edit|expand|grab)\b|(?:^|\bsamsung |\bgalaxy )photo assist$"
    r"|\b(?:galaxy ai|apple intelligence)\b"
    r"|\bai[- ](?:edit(?:ed|ing|or)?|erase[rd]?|fill|expand|remove|retouch)\b",
    re.IGNORECASE,
)
_AI = re.compile(
    r"\b(?:adobe firefly|ai[- ]generated|automatic1111|bing image creator|chatgpt|comfyui"
    r"|craiyon|dall[-·]e|dall-?e ?\d|diffusionbee|doubao|draw things|dreamina|dreamstudio"
    r"|easy diffusion"
    r"|firefly (?:image|web|\d)|flux(?:\.[12]| pro| dev| kontext)|fooocus(?:-mre)?"
    r"|gemini (?:app|flash|image|nano|pro|\d)|generated (?:by|with|using) ai|google (?:ai|gemini)"
    r"|google imagen|gpt-4o|gpt-image|ideogram|image (?:playground|wand)|imagefx|invokeai|jimeng ai"
    r"|leonardo\.ai|made with ai|meta ai|microsoft designer|midjourney|mochi diffusion"
    r"|nano banana|nightcafe|novelai|openai|pixel studio|qwen-image|recraft|sd\.next|seedream"
    r"|stability ai|stable[ -]?diffusion|swarmui|tensor\.art)\b"
    r"|^(?:firefly|gemini|grok|imagen|jimeng|krea|xai)(?: [\d.]+)?$",
    re.IGNORECASE,
)
_EDITOR = re.compile(
    r"\b(?:acorn|acdsee|affinity|canva|capture one|capcut|corel|darktable|digikam|f-spot|facetune"
    r"|faceapp|gimp|imageready|irfanview|krita|lightroom|luminar|meitu|paint\.net"
    r"|photodirector|photopea|photoscape|photoshop|picasa|picsart|pixelmator|polarr|rawtherapee|remini|shotwell|snapseed|topaz|vsco|xnview)\b",
    re.IGNORECASE,
)


def vocabulary() -> dict[str, Any]:
    """Return the words that name origins, for readers of metadata in other languages.

    Returns:
        `source_types`, the claim of each term in lower case; and the regular expressions `ai`,
        `ai_edit` and `editor` for names of programs, whatever their case.
    """
    patterns = {"ai": _AI, "ai_edit": _AI_EDIT, "editor": _EDITOR}
    named = {name: pattern.pattern for name, pattern in patterns.items()}
    return {"source_types": dict(SOURCE_TYPES), **named}


def source_type(value: object) -> tuple[Claim, str] | None:
    """Return what a digital source type (its term, or the URI of it) claims, and its term."""
    if isinstance(value, dict):  # as JSON-LD names things
        value = value.get("@id", "")
    if not isinstance(value, str):
        return None
    term = re.split(r"[/#:]", value.strip().rstrip("/#"))[-1]
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


def prompt(text: object) -> str:
    """Return the beginning of a prompt as a detail; empty for none."""
    return f"prompt: {line(text)}" if isinstance(text, str) and text.strip() else ""


def line(text: object, most: int = 200) -> str:
    """Return a text as one printable line of at most `most` characters."""
    words = " ".join(str(text)[: 4 * most].split())
    words = "".join(c if c.isprintable() else "\ufffd" for c in words)
    return words if len(words) <= most else words[: most - 1] + "…"
