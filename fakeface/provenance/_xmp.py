"""XMP (ISO 16684-1): IPTC properties, the program, and where content credentials are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from fakeface.provenance._generators import from_text
from fakeface.provenance._label import read_label
from fakeface.provenance._text import packet as packet_text
from fakeface.provenance._vocabulary import line, program, prompt, source_type
from fakeface.types._provenance import Statement

_MAX_DEPTH = 32
_MAX_ELEMENTS = 20_000
_MAX_VALUE = 1 << 16
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_TOP = [f"{_RDF}RDF", f"{_RDF}Description"]
"""Where properties of the picture itself stand; those further down are about other pictures."""

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

    Args:
        packet: The packet.

    Raises:
        XmpError: It is no well-formed XML, declares entities, or is nested too deeply.
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
    from defusedxml.ElementTree import DefusedXMLParser

    collector = _Collector()
    try:
        parser = DefusedXMLParser(target=collector, forbid_dtd=True)
        parser.feed(packet)
        parser.close()
    except DefusedXmlException as error:
        raise XmpError("declares entities or a document type") from error
    except ParseError as error:
        raise XmpError(f"no well-formed XML: {error}") from error
    return collector.values


def _known(name: str) -> str:
    """Return a qualified name, with the one spelling of a namespace that is written in several."""
    return _CHINA + name.rpartition("}")[2] if "tc260.org.cn" in name else name


class _Collector:
    """A target of the XML parser that keeps only what is wanted, within bounds."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.values: dict[str, str] = {}
        self._path: list[str] = []
        self._elements = 0
        self._inside: str | None = None
        self._text: list[str] = []
        self._size = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""
        self._elements += 1
        tag = _known(tag)
        self._path.append(tag)
        if self._elements > _MAX_ELEMENTS or len(self._path) > _MAX_DEPTH:
            raise XmpError("too many elements, or nested too deeply")
        if self._path[-3:-1] == _TOP:
            self._properties(tag, attributes)
        elif self._path[-2:] == _TOP:
            self._attributes(attributes)
        elif self._inside is not None:
            self._within(tag, attributes)

    def _attributes(self, attributes: dict[str, str]) -> None:
        for written, value in attributes.items():
            if (name := _known(written)) in _WANTED:
                self.values.setdefault(name, value[:_MAX_VALUE].strip())

    def _within(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an element inside a value: of alternatives the first, of a label its parts."""
        if tag == f"{_RDF}li" and "".join(self._text).strip():
            self._size = _MAX_VALUE
        elif (resource := attributes.get(f"{_RDF}resource")) is not None:
            self.data(resource)
        elif self._inside == _AIGC:
            self._attributes(attributes)
            if tag == _AIGC_LABEL:
                self._inside, self._text, self._size = tag, [], 0

    def _properties(self, tag: str, attributes: dict[str, str]) -> None:
        if tag not in _WANTED or tag in self.values:
            return
        resource = attributes.get(f"{_RDF}resource")
        if resource is not None:
            self.values[tag] = resource[:_MAX_VALUE].strip()
        else:
            self._inside, self._text, self._size = tag, [], 0
            if tag == _AIGC:
                self._within("", attributes)

    def data(self, text: str) -> None:
        """Take some text."""
        if self._inside is not None and self._size < _MAX_VALUE:
            self._text.append(text)
            self._size += len(text)

    def end(self, tag: str) -> None:
        """Take the end of an element; an empty value counts as none."""
        self._path.pop()
        if _known(tag) == self._inside:
            value = "".join(self._text)[:_MAX_VALUE].strip()
            if value:
                self.values.setdefault(self._inside, value)
            self._inside = None

    def comment(self, text: str) -> None:
        """Pass over a comment."""

    def pi(self, target: str, data: str = "") -> None:
        """Pass over a processing instruction."""

    def close(self) -> None:
        """End the packet."""
