"""Small pictures with metadata, put together chunk by chunk."""

from __future__ import annotations

import io
import json
import struct
import zlib
from functools import lru_cache
from typing import Any

from PIL import Image, features
from PIL.TiffImagePlugin import IFDRational

PNG = b"\x89PNG\r\n\x1a\n"
COMFY = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 5, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "portrait of a woman, 85mm"}},
}
A1111 = (
    "portrait of a woman\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7,"
    " Seed: 1234, Size: 512x512, Model: sdxl, Version: v1.10.1"
)


CONTAINERS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    **({"AVIF": "image/avif"} if "avif" in features.get_supported() else {}),
}
"""Formats that Pillow writes here, with their MIME types."""


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    return _encoded(kind, size, **options) if options else _plain(kind, size)


@lru_cache(maxsize=32)
def _plain(kind: str, size: tuple[int, int]) -> bytes:
    return _encoded(kind, size)


def _encoded(kind: str, size: tuple[int, int], **options: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text(keyword: str, value: str) -> bytes:
    return chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + value.encode("latin-1", "replace"))


def ztxt(keyword: str, value: bytes) -> bytes:
    return chunk(b"zTXt", keyword.encode() + b"\0\0" + zlib.compress(value))


def itxt(keyword: str, value: str, packed: bool = False) -> bytes:
    body = zlib.compress(value.encode()) if packed else value.encode()
    return chunk(b"iTXt", keyword.encode() + bytes([0, packed, 0]) + b"en\0\0" + body)


def png(*chunks: bytes, base: bytes | None = None) -> bytes:
    """A PNG with more chunks before its pixels."""
    base = base or picture()
    at = base.index(b"IDAT") - 4
    return base[:at] + b"".join(chunks) + base[at:]


def comfy_png() -> bytes:
    return png(text("prompt", json.dumps(COMFY)), text("workflow", json.dumps({"nodes": []})))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(PNG)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def with_a_pixel_changed(data: bytes) -> bytes:
    """The same PNG with all its metadata and another value of one pixel."""
    image = Image.open(io.BytesIO(data))
    image.load()
    red, green, blue = image.getpixel((3, 3))  # type: ignore[misc]
    image.putpixel((3, 3), (red ^ 1, green, blue))
    out = io.BytesIO()
    image.save(out, "PNG")
    pixels = b"".join(chunk(k, d) for k, d in chunks(out.getvalue()) if k == b"IDAT")
    kept = [(kind, body) for kind, body in chunks(data) if kind != b"IDAT"]
    parts = [pixels if kind == b"IEND" else b"" for kind, _ in kept]
    return PNG + b"".join(p + chunk(k, d) for p, (k, d) in zip(parts, kept, strict=True))


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes) -> bytes:
    base = picture("JPEG")
    return base[:2] + b"".join(segments) + base[2:]


def exif(**tags: Any) -> bytes:
    """An EXIF block with its TIFF header."""
    values = Image.Exif()
    names = {"make": 0x10F, "model": 0x110, "software": 0x131, "description": 0x10E}
    inner = {"exposure": 0x829A, "aperture": 0x829D, "iso": 0x8827, "focal": 0x920A}
    inner |= {"comment": 0x9286, "lens": 0xA434}
    for name, given in tags.items():
        value = IFDRational(given) if isinstance(given, float) else given
        if name in names:
            values[names[name]] = value
        else:
            values.get_ifd(0x8769)[inner[name]] = value
    return values.tobytes().removeprefix(b"Exif\0\0")


def camera() -> bytes:
    return exif(
        make="Canon", model="Canon EOS R5", software="Firmware 1.8.1", exposure=0.005, iso=400,
        aperture=2.8, focal=85.0, lens="RF85mm F1.2 L USM",
    )  # fmt: skip


def camera_jpeg() -> bytes:
    return jpeg(segment(0xE1, b"Exif\0\0" + camera()))


def xmp(properties: str = "", elements: str = "") -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
  xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
  xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {properties}>{elements}
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def xmp_jpeg(packet: bytes) -> bytes:
    return jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet))


def iim(*datasets: tuple[int, str]) -> bytes:
    return b"".join(
        bytes([0x1C, 2, number]) + struct.pack(">H", len(value)) + value.encode()
        for number, value in datasets
    )


def photoshop(resource: bytes, number: int = 0x0404) -> bytes:
    head = b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(resource))
    return head + resource + b"\0" * (len(resource) % 2)


def store(size: int = 200) -> bytes:
    """What begins like content credentials, and is none."""
    uuid = b"c2pa" + bytes.fromhex("00110010800000aa00389b71")
    box = struct.pack(">I", 33) + b"jumd" + uuid + b"\3c2pa\0\0\0\0"
    return struct.pack(">I", size) + b"jumb" + box + bytes(size - 8 - len(box))


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def heic(*, exif: bytes = b"", xmp: bytes = b"", c2pa: bytes = b"") -> bytes:
    """Boxes of a HEIC file without a picture."""
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    block = b"\0\0\0\6Exif\0\0" + exif

    def item(number: int, kind: bytes, rest: bytes) -> bytes:
        return box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + kind + b"\0" + rest)

    kinds = item(1, b"Exif", b"") + item(2, b"mime", b"application/rdf+xml\0")
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 2) + kinds)

    def iloc(at: int) -> bytes:
        entries = b"".join(
            struct.pack(">HHHII", number, 0, 1, start, size)
            for number, start, size in ((1, at, len(block)), (2, at + len(block), len(xmp)))
        )
        return box(b"iloc", b"\0\0\0\0\x44\0" + struct.pack(">H", 2) + entries)

    uuid = b""
    if c2pa:
        purpose = b"\0\0\0\0manifest\0" + bytes(8)
        uuid = box(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + purpose + c2pa)
    size = len(head) + len(uuid) + len(box(b"meta", b"\0\0\0\0" + iinf + iloc(0))) + 8
    meta = box(b"meta", b"\0\0\0\0" + iinf + iloc(size))
    return head + uuid + meta + box(b"mdat", block + xmp)


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = picture("WEBP")[12:]
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def uuid_box(uuid: str, data: bytes) -> bytes:
    """What is put before the other boxes of an AVIF or HEIC file."""
    return box(b"uuid", bytes.fromhex(uuid) + data)


def before_meta(extra: bytes, brand: bytes = b"heic") -> bytes:
    """A HEIC or AVIF file with one more box."""
    data = heic().replace(b"heic", brand)
    at = int.from_bytes(data[:4], "big")
    return data[:at] + extra + data[at:]


def gif(*extensions: bytes) -> bytes:
    base = picture("GIF")
    at = 13 + (3 << (base[10] & 7) + 1)
    return b"GIF89a" + base[6:at] + b"".join(extensions) + base[at:]


def gif_parts(label: int, *parts: bytes) -> bytes:
    """An extension of GIF, in parts of at most 255 bytes."""
    cut = [part[i : i + 255] for part in parts for i in range(0, len(part), 255)]
    return b"!" + bytes([label]) + b"".join(bytes([len(p)]) + p for p in cut) + b"\0"


def gif_xmp(packet: bytes) -> bytes:
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return b"!\xff\x0bXMP DataXMP" + packet + trailer


def raw_profile(name: str, profile: bytes) -> bytes:
    """A chunk as ImageMagick writes it."""
    digits = profile.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    return ztxt(f"Raw profile type {name}", f"\n{name}\n{len(profile):8}\n{lines}\n".encode())


def extended_xmp(packet: bytes) -> bytes:
    """XMP of a JPEG in two further segments, the second one first."""
    head, half = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32, len(packet) // 2
    size = struct.pack(">I", len(packet))
    return b"".join(
        segment(0xE1, head + size + struct.pack(">I", at) + packet[at : at + half + 1][: end - at])
        for at, end in ((half, len(packet)), (0, half))
    )


def block(
    first: dict[int, tuple[int, bytes]],
    second: dict[int, tuple[int, bytes]] | None = None,
    order: str = ">",
) -> bytes:
    """An EXIF block by tag, type and bytes, in either order of bytes; also a TIFF file."""

    def directory(at: int, entries: dict[int, tuple[int, bytes]]) -> bytes:
        body = struct.pack(order + "H", len(entries))
        place, behind = at + 6 + 12 * len(entries), b""
        for tag, (kind, value) in sorted(entries.items()):
            count = len(value) // {3: 2, 4: 4, 5: 8}.get(kind, 1)
            body += struct.pack(order + "HHI", tag, kind, count)
            if len(value) <= 4:
                body += value.ljust(4, b"\0")
            else:
                body += struct.pack(order + "I", place + len(behind))
                behind += value + b"\0" * (len(value) % 2)
        return body + bytes(4) + behind

    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(order + "I", 8)
    if second is None:
        return head + directory(8, first)
    pointer = struct.pack(order + "I", 0)
    at = 8 + len(directory(8, {**first, 0x8769: (4, pointer)}))
    return (
        head
        + directory(8, {**first, 0x8769: (4, struct.pack(order + "I", at))})
        + directory(at, second)
    )
