"""XMP (ISO 16684-1): IPTC properties, the program, and where content credentials are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from fakeface.provenance._generators import from_text
from fakeface.provenance._vocabulary import line, program, source_type
from fakeface.types._provenance import Statement

_MAX_DEPTH = 32
_MAX_ELEMENTS = 20_000
_MAX_VALUE = 1 << 16
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_TOP = [f"{_RDF}RDF", f"{_RDF}Description"]
"""Where properties of the picture itself stand; those further down are about other pictures."""

_SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
_OLD_SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-19/}DigitalSourceType"
_AI_SYSTEM = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}AISystemUsed"
_CREDIT = "{http://ns.adobe.com/photoshop/1.0/}Credit"
_TOOL = "{http://ns.adobe.com/xap/1.0/}CreatorTool"
_COMMENT = "{http://ns.adobe.com/exif/1.0/}UserComment"
_REMOTE = "{http://purl.org/dc/terms/}provenance"
_WANTED = (_SOURCE_TYPE, _OLD_SOURCE_TYPE, _AI_SYSTEM, _CREDIT, _TOOL, _COMMENT, _REMOTE)
_NAMES = re.compile(
    rb"DigitalSourceType|AISystemUsed|:Credit|CreatorTool|UserComment|:provenance|^..?\0",
    re.DOTALL,
)
"""What a packet holds that is worth reading: one of the names (which XML cannot write in another
way), or an encoding of more than one byte a character."""


class XmpError(ValueError):
    """A packet cannot be read."""


def read_xmp(packet: bytes) -> Iterator[Statement]:
    """Yield the statements of an XMP packet.

    Args:
        packet: The packet.

    Raises:
        XmpError: It is no well-formed XML, declares entities, or is nested too deeply.
    """
    if not _NAMES.search(packet):
        return
    values = _values(packet.rstrip(b"\0"))
    tool = values.get(_TOOL, "")
    system = values.get(_AI_SYSTEM, "")
    credit = values.get(_CREDIT, "")
    found = source_type(values.get(_SOURCE_TYPE) or values.get(_OLD_SOURCE_TYPE, ""))
    if found is not None:
        named = line(system or credit or tool, 80) or None
        yield Statement("iptc", found[0], tool=named, detail=f"DigitalSourceType {found[1]}")
    claim = program(credit)
    if claim in ("ai", "ai_edited"):
        yield Statement("iptc", claim, tool=line(credit, 80), detail="Credit")
    comment = from_text("parameters", values.get(_COMMENT, ""), "xmp")
    if comment is not None:
        yield comment
    if tool:
        yield Statement("xmp", program(tool), tool=line(tool, 80), detail="CreatorTool")
    remote = values.get(_REMOTE, "")
    if remote.startswith(("https://", "http://")):
        detail = f"kept at {line(remote)}, which is not fetched"
        yield Statement("c2pa", "unknown", "unverified", detail=detail)


def _values(packet: bytes) -> dict[str, str]:
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
        self._path.append(tag)
        if self._elements > _MAX_ELEMENTS or len(self._path) > _MAX_DEPTH:
            raise XmpError("too many elements, or nested too deeply")
        if self._path[-3:-1] == _TOP:
            self._properties(tag, attributes)
        elif self._path[-2:] == _TOP:
            for name in _WANTED:
                if name in attributes:
                    self.values.setdefault(name, attributes[name][:_MAX_VALUE].strip())

    def _properties(self, tag: str, attributes: dict[str, str]) -> None:
        if tag not in _WANTED or tag in self.values:
            return
        resource = attributes.get(f"{_RDF}resource")
        if resource is not None:
            self.values[tag] = resource[:_MAX_VALUE].strip()
        else:
            self._inside, self._text, self._size = tag, [], 0

    def data(self, text: str) -> None:
        """Take some text."""
        if self._inside is not None and self._size < _MAX_VALUE:
            self._text.append(text)
            self._size += len(text)

    def end(self, tag: str) -> None:
        """Take the end of an element; an empty value counts as none."""
        self._path.pop()
        if tag == self._inside:
            value = "".join(self._text)[:_MAX_VALUE].strip()
            if value:
                self.values.setdefault(tag, value)
            self._inside = None

    def comment(self, text: str) -> None:
        """Pass over a comment."""

    def pi(self, target: str, data: str = "") -> None:
        """Pass over a processing instruction."""

    def close(self) -> None:
        """End the packet."""
