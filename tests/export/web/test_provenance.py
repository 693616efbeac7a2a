"""What files say of their origin, as the site reads it, against the library."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fakeface import provenance
from tests.export.web._node import call, needs_node

pytestmark = needs_node

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {}</rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
)
TERM = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 1}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a portrait of a woman"}},
}
A1111 = (
    "a portrait\nNegative prompt: text\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Version: v1.9"
)


def exif(**tags: Any) -> bytes:
    made = Image.Exif()
    made[0x010F], made[0x0110] = tags.get("make", ""), tags.get("model", "")
    made[0x0131] = tags.get("software", "")
    if tags.get("exposure"):
        inner = made.get_ifd(0x8769)
        inner[0x829A], inner[0x829D], inner[0x8827], inner[0x920A] = 1 / 125, 2.8, 400, 50.0
    return made.tobytes()


def jpeg(**options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def webp(**options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "WEBP", **options)
    return buffer.getvalue()


def png(*, packed: bool = False, **texts: str) -> bytes:
    info = PngInfo()
    for key, text in texts.items():
        if packed:
            info.add_text(key, text, zip=True)
        else:
            info.add_itxt(key, text)
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def xmp(inside: str) -> bytes:
    return XMP.format(inside).encode()


FILES: dict[str, Callable[[], bytes]] = {
    "nothing": jpeg,
    "camera": lambda: jpeg(exif=exif(make="Canon", model="Canon EOS R5", exposure=True)),
    "camera of another make": lambda: webp(exif=exif(make="SONY", model="A7", exposure=True)),
    "editor": lambda: jpeg(exif=exif(software="Adobe Photoshop 25.1")),
    "generator": lambda: jpeg(exif=exif(software="Midjourney")),
    "source type, attribute": lambda: jpeg(
        xmp=xmp(f'Iptc4xmpExt:DigitalSourceType="{TERM}trainedAlgorithmicMedia">')
    ),
    "source type, element": lambda: webp(
        xmp=xmp(
            f"><Iptc4xmpExt:DigitalSourceType>{TERM}compositeWithTrainedAlgorithmicMedia"
            "</Iptc4xmpExt:DigitalSourceType><xmp:CreatorTool>Canva</xmp:CreatorTool>"
        )
    ),
    "source type, resource": lambda: jpeg(
        xmp=xmp(f'><Iptc4xmpExt:DigitalSourceType rdf:resource="{TERM}digitalCapture"/>')
    ),
    "credit": lambda: jpeg(xmp=xmp("><photoshop:Credit>Edited with Google AI</photoshop:Credit>")),
    "AI system": lambda: jpeg(
        xmp=xmp("><Iptc4xmpExt:AISystemUsed>DALL-E via Bing &amp; more</Iptc4xmpExt:AISystemUsed>")
    ),
    "parameters": lambda: png(parameters=A1111),
    "parameters, packed": lambda: png(parameters=A1111, packed=True),
    "graph": lambda: png(prompt=json.dumps(GRAPH), workflow="{}"),
    "NovelAI": lambda: png(
        Software="NovelAI", Source="Stable Diffusion XL", Comment=json.dumps({"prompt": "a man"})
    ),
    "software": lambda: png(Software="GIMP 2.10"),
    "bytes behind": lambda: jpeg() + b"secret",
    "bytes behind a PNG": lambda: png() + b"s",
}


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """What the site reads of each file."""
    calls = [["provenanceOf", make()] for make in FILES.values()]
    words = ["vocabulary:useWords", provenance.vocabulary()]
    results = call("provenance", words, *calls)[1:]
    said = call("provenance", words, *(["says", each] for each in results))[1:]
    return {
        name: {**found, "says": line}
        for name, found, line in zip(FILES, results, said, strict=True)
    }


@pytest.mark.parametrize("name", FILES)
def test_it_says_what_the_library_says(name: str, read: dict[str, Any]) -> None:
    expected = provenance.read(FILES[name]())
    found = read[name]
    assert found["says"] == expected.says
    assert {key: found[key] for key in ("declared", "statements", "problems", "trailing")} == (
        expected.as_dict()
    )


def test_content_credentials_are_named_and_not_checked() -> None:
    store = b"\0\0\0\x40jumb\0\0\0\x38jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71" + bytes(32)
    segment = b"JP\0\x01\0\0\0\x01" + store
    data = jpeg()
    data = data[:2] + b"\xff\xeb" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]
    (found,) = call("provenance", ["provenanceOf", data])
    assert [(one["kind"], one["trust"]) for one in found["statements"]] == [("c2pa", "unverified")]


@pytest.mark.parametrize("cut", [3, 20, 60, 200])
def test_damaged_files_say_nothing_worse(cut: int) -> None:
    files = [make()[:cut] for make in FILES.values()]
    for found in call("provenance", *(["provenanceOf", data] for data in files)):
        assert found["declared"] in (None, "ai", "camera")
