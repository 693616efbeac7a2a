"""XMP (ISO 16684-1): IPTC properties, the program, and where content credentials are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from fakeface.provenance._generators import from_text
from fakeface.provenance._label import read_label
from fakeface.provenance._text import packet as packet_text
from fakeface.provenance._vocabulary import line, program, prompt, source_type
from fakeface.types._provenance import Statement

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_VALUE = 1 << 16
_MAX_PARTS = 64
_MAX_TAGS = 40_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_SOURCE_TYPE = f"{_IPTC}DigitalSourceType"
_SOURCE_TYPES = (
    _SOURCE_TYPE,
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-19/}DigitalSourceType",
    f"{_IPTC}DigitalSourcefileType",
)
"""The property, in a namespace that some programs mistake, and by its first name."""

_AI_SYSTEM, _AI_PROMPT = f"{_IPTC}AISystemUsed", f"{_IPTC}AIPromptInformation"
_CREDIT = "{http://ns.adobe.com/photoshop/1.0/}Credit"
_TOOL = "{http://ns.adobe.com/xap/1.0/}CreatorTool"
_SOFTWARE = "{http://ns.adobe.com/tiff/1.0/}Software"
_TEXTS = (
    "{http://ns.adobe.com/exif/1.0/}UserComment",
    "{http://purl.org/dc/elements/1.1/}description",
    "{http://ns.adobe.com/tiff/1.0/}ImageDescription",
    "{http://ns.adobe.com/photoshop/1.0/}Instructions",
)
_REMOTE = "{http://purl.org/dc/terms/}provenance"
_CHINA = "{http://www.tc260.org.cn/ns/AIGC/1.0/}"
_AIGC, _AIGC_LABEL = f"{_CHINA}AIGC", f"{_CHINA}Label"
_WANTED = frozenset(
    (
        *_SOURCE_TYPES, _AI_SYSTEM, _AI_PROMPT, _CREDIT, _TOOL, _SOFTWARE, *_TEXTS, _REMOTE,
        _AIGC, _AIGC_LABEL,
    )
)  # fmt: skip
_NAMES = re.compile(
    "DigitalSource|AISystemUsed|AIGC|[:<]Credit|CreatorTool|[:<]Software|UserComment|Instructions"
    "|[:<]description|ImageDescription|[:<]provenance"
)
"""What a packet holds that is worth reading: one of the names, which XML can write in no other
way."""


class XmpError(ValueError):
    """A packet cannot be read."""


def read_xmp(packet: bytes) -> Iterator[Statement]:
    """Yield the statements of an XMP packet.

    Raises:
        XmpError: It is no well-formed XML, declares entities, or has too many elements.
    """
    text = packet_text(packet)
    if isinstance(text, str) and not _NAMES.search(text):
        return
    values = _values(text)
    tool = values.get(_TOOL, "")
    system = values.get(_AI_SYSTEM, "")
    credit = values.get(_CREDIT, "")
    named = next((values[name] for name in _SOURCE_TYPES if values.get(name)), "")
    found = source_type(named)
    if found is not None:
        name = line(system or credit or tool, 80) or None
        yield Statement("iptc", found[0], tool=name, detail=f"DigitalSourceType {found[1]}")
    elif system:
        words = prompt(values.get(_AI_PROMPT)) or "AISystemUsed"
        yield Statement("iptc", "ai", tool=line(system, 80), detail=words)
    claim = program(credit)
    if claim in ("ai", "ai_edited"):
        yield Statement("iptc", claim, tool=line(credit, 80), detail="Credit")
    label = read_label(values.get(_AIGC), "xmp", known=True)
    if label is None and (mark := values.get(_AIGC_LABEL)):
        label = read_label({"Label": mark}, "xmp", known=True)
    if label is not None:
        yield label
    for name in _TEXTS:
        if name in values and (comment := from_text(values[name], "xmp")) is not None:
            yield comment
    for name, field in ((tool, "CreatorTool"), (values.get(_SOFTWARE, ""), "Software")):
        if name:
            yield Statement("xmp", program(name), tool=line(name, 80), detail=field)
    remote = values.get(_REMOTE, "")
    if remote.startswith(("https://", "http://")):
        detail = f"kept at {line(remote)}, which is not fetched"
        yield Statement("c2pa", "unknown", "unverified", detail=detail)


def _values(packet: str | bytes) -> dict[str, str]:
    """Return the first value of every property that is wanted, by its qualified name."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    tags = packet.count("<") if isinstance(packet, str) else packet.count(b"<")
    if tags > _MAX_TAGS:
        raise XmpError("too many elements")
    try:
        root = fromstring(packet, forbid_dtd=True)
    except DefusedXmlException as error:
        raise XmpError("declares entities or a document type") from error
    except ParseError as error:
        raise XmpError(f"no well-formed XML: {error}") from error
    values: dict[str, str] = {}
    for name, value in _properties(root):
        name = _known(name)
        if name in _WANTED and value.strip():
            values.setdefault(name, value[:_MAX_VALUE].strip())
    return values


def _properties(root: Element) -> Iterator[tuple[str, str]]:
    """Yield properties of the picture itself; those further down are about other pictures."""
    for rdf in root.iter(f"{_RDF}RDF"):
        for description in rdf.iterfind(f"{_RDF}Description"):
            yield from description.items()
            for element in description:
                yield element.tag, _text(element)
                if _known(element.tag) == _AIGC:
                    for part in _parts(element):
                        yield from part.items()
                        yield part.tag, part.text or ""


def _text(element: Element) -> str:
    """Return the text of a property, or of its first item that has one."""
    texts = (part.get(f"{_RDF}resource") or part.text or "" for part in _parts(element))
    return next((text for text in texts if text.strip()), "")


def _parts(element: Element) -> Iterator[Element]:
    """Yield an element and those below it, as many as any property has."""
    return islice(element.iter(), _MAX_PARTS)


def _known(name: str) -> str:
    """Return a qualified name, with the one spelling of a namespace that is written in several."""
    return _CHINA + name.rpartition("}")[2] if "tc260.org.cn" in name else name
