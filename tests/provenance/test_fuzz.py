"""Hostile metadata: whatever the bytes, there is a record, soon, and no error."""

from __future__ import annotations

import json
import struct
import sys
import time
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakeface.provenance import Provenance
from fakeface.provenance._blocks import MAX_BLOCK, MAX_PARTS
from fakeface.provenance._read import provenance_of
from tests.provenance import _files as files

AI = 'Iptc4xmpExt:DigitalSourceType="trainedAlgorithmicMedia" photoshop:Credit="x"'
LABEL = json.dumps({"AIGC": {"Label": "3", "ContentProducer": "x"}}).encode()
WIDE = files.xmp(AI).decode().encode("utf-16")
SUBGRAPH = {
    "nodes": [{"type": "a-b"}],
    "definitions": {"subgraphs": [{"id": "a-b", "nodes": [{"type": "KSampler"}]}]},
}
COMMENT = b"UNICODE\0" + files.A1111.encode("utf-16-be")


@lru_cache
def seeds() -> tuple[bytes, ...]:
    """One file of every container, with metadata of every kind."""
    packet, block = files.xmp(AI), files.exif(make="A", model="B", iso=1, comment=COMMENT)
    resource = files.photoshop(files.iim((110, "Made with Google AI"), (65, "GIMP")))
    found = [
        files.comfy_png(),
        files.png(
            files.itxt("XML:com.adobe.xmp", packet.decode(), True),
            files.ztxt("parameters", files.A1111.encode()),
            files.chunk(b"eXIf", block),
            files.chunk(b"caBX", files.store()),
        ),
        files.jpeg(
            files.segment(0xE1, b"Exif\0\0" + block),
            files.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet),
            files.segment(0xED, b"Photoshop 3.0\0" + resource),
            files.segment(0xEB, b"JP\0\1\0\0\0\1" + files.store()),
        ),
        files.webp((b"EXIF", block), (b"XMP ", packet), (b"C2PA", files.store())),
        files.heic(exif=block, xmp=packet, c2pa=files.store()),
        files.before_meta(files.uuid_box("be7acfcb97a942e89c71999491e3afac", packet)),
        files.png(
            files.raw_profile("exif", b"Exif\0\0" + block),
            files.raw_profile("xmp", packet),
            files.raw_profile("8bim", resource),
            files.chunk(b"AIGC", LABEL),
            files.chunk(b"comf", b"prompt\0" + json.dumps(files.COMFY).encode()),
        ),
        files.jpeg(files.extended_xmp(WIDE), files.segment(0xFE, LABEL)),
        files.gif(
            files.gif_parts(0xFE, LABEL),
            files.gif_xmp(packet),
            files.gif_parts(0xFF, b"C2PA_GIF\1\0\0", files.store()),
        ),
        files.block({0x9286: (2, LABEL), 700: (1, WIDE)}, {0x9286: (7, b"JIS\0\0\0\0\0" + LABEL)}),
        files.png(files.text("workflow", json.dumps(SUBGRAPH))),
        files.picture("TIFF", tiffinfo={700: packet, 34377: resource, 0x8769: {0x9286: COMMENT}}),
    ]
    try:
        from tests.provenance._sign import sign
    except ImportError:  # without the extra `c2pa`
        return tuple(found)
    signed = [sign(files.picture()), sign(files.picture("JPEG"), "image/jpeg")]
    return (*found, *signed, sign(files.picture("WEBP"), "image/webp"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        what = draw(st.sampled_from(["byte", "number", "cut", "insert", "copy", "drop"]))
        if what == "byte":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif what == "number":
            value = draw(st.sampled_from([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]))
            data[at : at + 4] = struct.pack(draw(st.sampled_from([">I", "<I"])), value)
        elif what == "cut":
            del data[max(at, 16) :]
        elif what == "insert":
            data[at:at] = draw(st.binary(max_size=40))
        elif what == "copy":
            start = draw(st.integers(0, len(data)))
            data[at:at] = data[start : start + draw(st.integers(0, 200))]
        else:
            del data[at : at + draw(st.integers(1, 60))]
    return bytes(data)


def check(data: bytes) -> Provenance:
    found = provenance_of(data)
    for problem in found.problems:
        assert "internal error" not in problem
        assert problem.isprintable()
        assert len(problem) < 400
    assert found.says.isprintable()
    assert found.label.isprintable()
    record = json.dumps(found.as_dict())
    assert len(record) < 100_000
    assert Provenance.from_dict(json.loads(record)) == found
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated() | st.binary(max_size=300))
def test_any_bytes_give_a_record(data: bytes) -> None:
    check(data)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_any_bytes_give_a_record_without_the_extra(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "c2pa", None)
        check(data)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_very_many_bytes_give_a_record(data: bytes) -> None:
    check(data)


def nested_graph(depth: int) -> dict[str, object]:
    graph: dict[str, object] = {"nodes": [{"type": "A"}] * 50}
    for _ in range(depth):
        graph = {"nodes": [{"type": "A"}], "definitions": {"subgraphs": [graph] * 2}}
        if len(json.dumps(graph)) > 400_000:
            break
    return graph


def bombs() -> dict[str, bytes]:
    entry = struct.pack("<HHII", 0x010E, 2, MAX_BLOCK, 8)
    directory = b"II*\0\x08\0\0\0" + struct.pack("<H", 65535) + entry * 65535 + bytes(MAX_BLOCK)
    nested = b"".join(files.box(b"uuid", bytes(16)) for _ in range(5000))
    return {
        "chunks": files.png(files.chunk(b"aaAa", b"") * (MAX_PARTS + 1)),
        "texts": files.png(files.ztxt("parameters", bytes(MAX_BLOCK)) * 500),
        "segments": files.jpeg(files.segment(0xE1, b"") * (MAX_PARTS + 1)),
        "fill": b"\xff\xd8\xff" + b"\xff" * 3_000_000,
        "directory": directory,
        "boxes": files.heic() + nested * 40,
        "datasets": files.jpeg(
            *[files.segment(0xED, b"Photoshop 3.0\0" + files.photoshop(b"\x1c\2\1\0\0" * 9000))] * 9
        ),
        "elements": files.xmp_jpeg(files.xmp(AI, "<a>" * 30 + "</a>" * 30 + "<b/>" * 12_000)),
        "regex": files.png(files.text("parameters", "\nSteps: 1, " * 60_000)),
        "wide comment": files.block({0x9286: (7, b"UNICODE\0" + b"\0a" * 500_000)}),
        "comments": files.jpeg(*[files.segment(0xFE, b"Steps: 1, " * 6_500)] * 400),
        "gif parts": files.gif(files.gif_parts(0xFE, bytes(b"a" * 255) * 100_000)),
        "gif extensions": files.gif(files.gif_parts(0xFE, b"a") * 200_000),
        "subgraphs": files.png(files.text("workflow", json.dumps(nested_graph(400)))),
        "graph": files.png(
            files.text("prompt", json.dumps({str(n): {"class_type": "A"} for n in range(40_000)}))
        ),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_nothing_takes_long(name: str) -> None:
    data = bombs()[name]
    start = time.process_time()
    check(data)
    assert time.process_time() - start < 1.5


def test_reading_a_picture_without_credentials_takes_less_than_a_millisecond() -> None:
    for kind in (*files.CONTAINERS, "GIF"):
        data = files.picture(kind, (2000, 1500))
        provenance_of(data)
        assert best_of(data) < 0.001


def test_reading_credentials_takes_less_than_ten_milliseconds() -> None:
    sign = pytest.importorskip("tests.provenance._sign").sign
    data = sign(files.picture("JPEG", (2000, 1500)), "image/jpeg")
    assert provenance_of(data).declared == "ai"
    assert best_of(data) < 0.010


def best_of(data: bytes) -> float:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        provenance_of(data)
        times.append(time.perf_counter() - start)
    return min(times)
