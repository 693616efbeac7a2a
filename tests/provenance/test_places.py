"""Every place of every format, and everything that may stand in each of them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import pytest

from fakeface.provenance import read
from fakeface.provenance._read import provenance_of
from tests.conftest import ROOT
from tests.provenance import _files as files

MAKER = Callable[[bytes], bytes]
TAG = {"EXIF tag 700": 700, "EXIF tag 33723": 33723, "EXIF tag 34377": 34377}
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_UUID = "be7acfcb97a942e89c71999491e3afac"
C2PA_UUID = "d8fec3d61b0e483c92975828877ec481"


def manifest_box(store: bytes, purpose: bytes = b"manifest") -> bytes:
    return files.uuid_box(C2PA_UUID, bytes(4) + purpose + b"\0" + bytes(8) + store)


EXIF: dict[str, dict[str, MAKER]] = {
    "JPEG": {"APP1": lambda b: files.jpeg(files.segment(0xE1, b"Exif\0\0" + b))},
    "PNG": {
        "`eXIf`": lambda b: files.png(files.chunk(b"eXIf", b)),
        "raw profile `exif`": lambda b: files.png(files.raw_profile("exif", b)),
        "raw profile `APP1`": lambda b: files.png(files.raw_profile("APP1", b"Exif\0\0" + b)),
    },
    "WebP": {"`EXIF`": lambda b: files.webp((b"EXIF", b))},
    "AVIF, HEIC": {"item `Exif`": lambda b: files.heic(exif=b)},
    "TIFF": {"directory": lambda b: b},
    "GIF": {},
}
WITH_EXIF = {name: next(iter(makers.values())) for name, makers in EXIF.items() if makers}


def in_tag(name: str, tag: str) -> MAKER:
    return lambda b: WITH_EXIF[name](files.block({TAG[tag]: (7, b)}))


def in_resource(name: str) -> MAKER:
    return lambda b: in_tag(name, "EXIF tag 34377")(files.photoshop(b))


MAKERS: dict[str, dict[str, dict[str, MAKER]]] = {
    "EXIF": EXIF,
    "XMP": {
        "JPEG": {
            "APP1": files.xmp_jpeg,
            "APP1, extended": lambda b: files.jpeg(files.extended_xmp(b)),
        },
        "PNG": {
            "`XML:com.adobe.xmp`": lambda b: files.png(
                files.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b)
            ),
            "raw profile `xmp`": lambda b: files.png(files.raw_profile("xmp", b)),
            "raw profile `APP1`": lambda b: files.png(files.raw_profile("APP1", XMP + b)),
        },
        "WebP": {"`XMP `": lambda b: files.webp((b"XMP ", b))},
        "AVIF, HEIC": {
            "item `mime`": lambda b: files.heic(xmp=b),
            "box `uuid`": lambda b: files.before_meta(files.uuid_box(XMP_UUID, b)),
        },
        "TIFF": {},
        "GIF": {"`XMP Data`": lambda b: files.gif(files.gif_xmp(b))},
    },
    "IPTC": {
        "JPEG": {
            "APP13": lambda b: files.jpeg(
                files.segment(0xED, b"Photoshop 3.0\0" + files.photoshop(b))
            )
        },
        "PNG": {
            "raw profile `iptc`": lambda b: files.png(files.raw_profile("iptc", b)),
            "raw profile `8bim`": lambda b: files.png(
                files.raw_profile("8bim", files.photoshop(b))
            ),
        },
        "WebP": {},
        "AVIF, HEIC": {},
        "TIFF": {},
        "GIF": {},
    },
    "text": {
        "JPEG": {
            "COM": lambda b: files.jpeg(files.segment(0xFE, b)),
            "APPn `AIGC`": lambda b: files.jpeg(files.segment(0xEC, b"AIGC\0" + b)),
        },
        "PNG": {
            "`tEXt`": lambda b: files.png(files.chunk(b"tEXt", b"parameters\0" + b)),
            "`zTXt`": lambda b: files.png(files.ztxt("Comment", b)),
            "`iTXt`": lambda b: files.png(files.itxt("Description", b.decode(), True)),
            "`comf`": lambda b: files.png(files.chunk(b"comf", b"prompt\0" + b)),
            "`AIGC`": lambda b: files.png(files.chunk(b"AIGC", b)),
        },
        "WebP": {},
        "AVIF, HEIC": {},
        "TIFF": {},
        "GIF": {"comment": lambda b: files.gif(files.gif_parts(0xFE, b))},
    },
    "C2PA": {
        "JPEG": {"APP11": lambda b: files.jpeg(files.segment(0xEB, b"JP\0\1\0\0\0\1" + b))},
        "PNG": {"`caBX`": lambda b: files.png(files.chunk(b"caBX", b))},
        "WebP": {"`C2PA`": lambda b: files.webp((b"C2PA", b))},
        "AVIF, HEIC": {"box `uuid`": lambda b: files.before_meta(manifest_box(b))},
        "TIFF": {"tag 52545": lambda b: files.block({0xCD41: (7, b)})},
        "GIF": {
            "`C2PA_GIF`": lambda b: files.gif(files.gif_parts(0xFF, b"C2PA_GIF\1\0\0", b)),
        },
    },
}
for _name in WITH_EXIF:
    MAKERS["XMP"][_name]["EXIF tag 700"] = in_tag(_name, "EXIF tag 700")
    MAKERS["IPTC"][_name]["EXIF tag 33723"] = in_tag(_name, "EXIF tag 33723")
    MAKERS["IPTC"][_name]["EXIF tag 34377"] = in_resource(_name)

LABEL = {
    "Label": "1",
    "ContentProducer": "00119",
    "ProduceID": "x1",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "",
    "ReservedCode2": "",
}
SAVED = {"nodes": [{"type": "KSampler", "widgets_values": [1]}]}
CIVITAI = {
    "resource-stack": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "urn:air"}},
    **files.COMFY,
    "extra": {"airs": ["urn:air:sdxl"]},
    "extraMetadata": json.dumps({"prompt": "portrait", "steps": 20}),
}
TEXTS: dict[str, tuple[str, str | None]] = {
    "automatic": (files.A1111, "Stable Diffusion v1.10.1"),
    "graph as run": (json.dumps(files.COMFY), "ComfyUI"),
    "graph as saved": (json.dumps(SAVED), "ComfyUI"),
    "both graphs": (json.dumps({"prompt": json.dumps(files.COMFY), "workflow": SAVED}), "ComfyUI"),
    "graph with its name": ("workflow:" + json.dumps(SAVED), "ComfyUI"),
    "Civitai": (json.dumps(CIVITAI), "ComfyUI"),
    "NovelAI": (
        json.dumps(
            {
                "Title": "NovelAI generated image",
                "Software": "NovelAI",
                "Source": "NovelAI Diffusion V4",
                "Comment": json.dumps({"prompt": "a face", "steps": 28, "seed": 1}),
            }
        ),
        "NovelAI (NovelAI Diffusion V4)",
    ),
    "SwarmUI": (json.dumps({"sui_image_params": {"prompt": "a face", "seed": 1}}), "SwarmUI"),
    "InvokeAI": (
        json.dumps({"app_version": "5.0.0", "generation_mode": "txt2img", "seed": 1}),
        "InvokeAI 5.0.0",
    ),
    "Draw Things": (
        json.dumps({"c": "a face", "seed": 1, "steps": 8, "sampler": "Euler A"}),
        "Draw Things",
    ),
    "Easy Diffusion": (
        json.dumps(
            {"prompt": "a face", "seed": 1, "num_inference_steps": 25,
             "use_stable_diffusion_model": "sd", "sampler_name": "euler_a"}
        ),
        "Easy Diffusion",
    ),
    "Fooocus": (
        json.dumps({"prompt": "a face", "seed": "1", "steps": 30, "version": "Fooocus v2.5.5"}),
        "Fooocus v2.5.5",
    ),
    "Fooocus-MRE": (
        json.dumps({"prompt": "a face", "seed": 1, "steps": 30, "software": "Fooocus-MRE"}),
        "Fooocus-MRE",
    ),
    "Midjourney": (
        "portrait --v 6.1 --ar 2:3 Job ID: 01234567-89ab-cdef-0123-456789abcdef",
        "Midjourney",
    ),
    "graph with more behind": (
        f"Prompt:{json.dumps(files.COMFY)}\nWorkflow:{json.dumps(SAVED)}",
        "ComfyUI",
    ),
    "China's label": (json.dumps({"AIGC": LABEL}), "00119"),
    "China's label, bare": (json.dumps(LABEL), "00119"),
}  # fmt: skip
"""What generators write, and the program that it names."""

ASCII, UNICODE, JIS, UNDEFINED = b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", bytes(8)
XMP_FIELDS = {
    "exif:UserComment": "http://ns.adobe.com/exif/1.0/",
    "dc:description": "http://purl.org/dc/elements/1.1/",
    "tiff:ImageDescription": "http://ns.adobe.com/tiff/1.0/",
    "photoshop:Instructions": "http://ns.adobe.com/photoshop/1.0/",
}


def in_xmp(field: str, text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    value = f'<rdf:Alt><rdf:li xml:lang="x-default">{escaped}</rdf:li></rdf:Alt>'
    prefix = field.split(":")[0]
    return files.xmp("", f'<{field} xmlns:{prefix}="{XMP_FIELDS[field]}">{value}</{field}>')


BLOCKS: dict[str, Callable[[str], bytes]] = {
    "comment": lambda t: files.block({}, {0x9286: (7, ASCII + t.encode())}),
    "comment in the first directory": lambda t: files.block({0x9286: (2, t.encode() + b"\0")}),
    "description": lambda t: files.block({0x10E: (2, t.encode() + b"\0")}),
    "make": lambda t: files.block({0x10F: (2, t.encode() + b"\0")}),
    "comment of Windows": lambda t: files.block({0x9C9C: (1, t.encode("utf-16-le") + b"\0\0")}),
}
FIELDS: list[tuple[str, str, Callable[[str], bytes]]] = [
    *(("EXIF", name, make) for name, make in BLOCKS.items()),
    *(("XMP", field, lambda t, f=field: in_xmp(f, t)) for field in XMP_FIELDS),  # type: ignore[misc]
    ("IPTC", "caption", lambda t: files.iim((120, t))),
    ("IPTC", "instructions", lambda t: files.iim((40, t))),
    ("text", "text", str.encode),
]
"""Fields of each kind of metadata that may hold a text of a generator."""


def test_the_docs_list_every_place() -> None:
    page = (ROOT / "docs/provenance.md").read_text(encoding="utf-8")
    for kind, formats in MAKERS.items():
        cells = [", ".join(makers) or "–" for makers in formats.values()]
        assert "| " + " | ".join([kind, *cells]) + " |" in page
    assert "| | " + " | ".join(EXIF) + " |" in page


@pytest.mark.parametrize("name", list(TEXTS))
def test_every_text_in_every_field_in_every_place(name: str) -> None:
    text, tool = TEXTS[name]
    for kind, field, make in FIELDS:
        for fmt, makers in MAKERS[kind].items():
            for place, maker in makers.items():
                if "AIGC" in place and not name.startswith("China"):
                    continue
                found = provenance_of(maker(make(text)))
                where = (kind, field, fmt, place)
                assert not found.problems, where
                assert [(s.claim, s.tool) for s in found.statements] == [("ai", tool)], where
                assert found.declared == "ai"


def test_source_types_and_programs_in_every_place() -> None:
    ai = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    packet = files.xmp(f'Iptc4xmpExt:DigitalSourceType="{ai}"')
    said: dict[str, bytes] = {
        "XMP": packet,
        "EXIF": files.block({0x131: (2, b"Midjourney\0")}),
        "IPTC": files.iim((110, "Made with Google AI")),
    }
    for kind, content in said.items():
        for fmt, makers in MAKERS[kind].items():
            for place, maker in makers.items():
                assert provenance_of(maker(content)).declared == "ai", (kind, fmt, place)
    for kind in ("avif", "mif1"):
        moved = files.before_meta(files.uuid_box(XMP_UUID, packet), kind.encode())
        assert read(moved).declared == "ai"


def test_credentials_in_every_place() -> None:
    for fmt, makers in MAKERS["C2PA"].items():
        for place, maker in makers.items():
            (statement,) = provenance_of(maker(files.store())).statements
            assert statement.kind == "c2pa", (fmt, place)
            assert statement.trust in ("broken", "unverified"), (fmt, place)


@pytest.mark.parametrize(
    "purpose", [b"update", b"xanifest", b"", b"merkle", b"original", b"a" * 90]
)
@pytest.mark.parametrize("brand", [b"avif", b"heic"])
def test_credentials_whose_purpose_was_changed_are_not_passed_over(
    purpose: bytes, brand: bytes
) -> None:
    for content in (files.store(), bytes(400)):
        data = files.before_meta(manifest_box(content, purpose), brand)
        kinds = [s.kind for s in read(data).statements]
        assert kinds == ([] if purpose == b"merkle" and content == bytes(400) else ["c2pa"])


LANGUAGES = {
    "Chinese": "一个女人的肖像画，高清，最佳质量，一一一刀我",
    "Japanese": "女性の肖像、最高品質、柔らかい光",
    "Korean": "여성의 초상화, 최고 품질",
    "Russian": "портрет женщины, лучшее качество",
    "none": "portrait",
}


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("order", ["<", ">"])
def test_comments_in_every_encoding(language: str, order: str) -> None:
    tail = "\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Version: v1.9.3"
    text = LANGUAGES[language] + tail
    label = json.dumps({**LABEL, "ContentProducer": LANGUAGES[language]}, ensure_ascii=False)
    for written in (text, label):
        wide = [written.encode(encoding) for encoding in ("utf-16-le", "utf-16-be", "utf-16")]
        comments = [*(UNICODE + value for value in wide), *wide]
        comments += [UNDEFINED + value for value in wide] + [ASCII + value for value in wide]
        comments += [code + written.encode() for code in (ASCII, UNDEFINED, UNICODE, b"")]
        if language in ("Japanese", "none"):
            comments += [JIS + written.encode(e) for e in ("iso2022_jp", "cp932", "euc_jp")]
        for comment in comments:
            for tags in (
                files.block({}, {0x9286: (7, comment)}, order),
                files.block({0x9286: (7, comment)}, {0x8827: (3, b"\1\0")}, order),
                files.block({0x9286: (1, comment)}, None, order),
            ):
                found = provenance_of(tags)  # the block itself: a TIFF file
                assert found.declared == "ai", comment
                (statement,) = found.statements
                assert LANGUAGES[language][:4] in f"{statement.tool} {statement.detail}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", [False, True])
@pytest.mark.parametrize("declaration", [False, True])
def test_xmp_in_every_encoding(encoding: str, mark: bool, declaration: bool) -> None:
    packet = files.xmp('photoshop:Credit="Made with Google AI"').decode()
    if declaration:
        packet = f'<?xml version="1.0" encoding="{encoding[:6].rstrip("-")}"?>' + packet
    data = (("\ufeff" if mark else "") + packet).encode(encoding)
    for padding in (b"", "    \n".encode(encoding), bytes(64)):
        for fmt, makers in MAKERS["XMP"].items():
            for place, maker in makers.items():
                assert provenance_of(maker(data + padding)).declared == "ai", (fmt, place)


def test_xmp_in_latin_1() -> None:
    packet = '<?xml version="1.0" encoding="ISO-8859-1"?>' + files.xmp(
        'photoshop:Credit="Made with Google AI" xmp:CreatorTool="Café"'
    ).decode().replace("\ufeff", "")
    statements = read(files.xmp_jpeg(packet.encode("latin-1"))).statements
    assert [s.tool for s in statements] == ["Made with Google AI", "Café"]


AIGC = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
QUOTED = json.dumps(LABEL).replace('"', "&quot;")


@pytest.mark.parametrize(
    "packet",
    [
        files.xmp(f'{AIGC} TC260:AIGC="{QUOTED}"'),
        files.xmp(AIGC, f"<TC260:AIGC>{json.dumps(LABEL)}</TC260:AIGC>"),
        files.xmp(AIGC, f"<TC260:AIGC>{QUOTED}</TC260:AIGC>"),
        files.xmp(AIGC, f"<TC260:AIGC><![CDATA[{json.dumps(LABEL)}]]></TC260:AIGC>"),
        files.xmp(AIGC, f"<TC260:AIGC>{json.dumps({'AIGC': LABEL})}</TC260:AIGC>"),
        files.xmp(
            AIGC,
            '<TC260:AIGC rdf:parseType="Resource"><TC260:ContentProducer>x</TC260:ContentProducer>'
            "<TC260:Label>1</TC260:Label></TC260:AIGC>",
        ),
        files.xmp(AIGC, '<TC260:AIGC><rdf:Description TC260:Label="1"/></TC260:AIGC>'),
        files.xmp(AIGC.replace("1.0/", "1.0"), f"<TC260:AIGC>{QUOTED}</TC260:AIGC>"),
        files.xmp(AIGC.replace("http:", "https:"), f"<TC260:AIGC>{QUOTED}</TC260:AIGC>"),
    ],
)
def test_chinas_label_in_xmp(packet: bytes) -> None:
    for makers in MAKERS["XMP"].values():
        for maker in makers.values():
            found = provenance_of(maker(packet))
            assert found.declared == "ai"
            assert found.statements[0].detail == "AIGC label 1: made by AI"


@pytest.mark.parametrize(
    ("value", "claim", "words"),
    [
        ("1", "ai", "made by AI"),
        (1, "ai", "made by AI"),
        ("AIGC", "ai", "made by AI"),
        ("2", "suspected", "possibly made by AI"),
        ("3", "suspected", "suspected to be made by AI"),
        (3, "suspected", "suspected to be made by AI"),
        ("疑似AI生成", "suspected", "suspected to be made by AI"),
        ("AI编辑", "ai_edited", "edited by AI"),
        ("人工智能生成合成", "ai", "made by AI"),
        ("0", "unknown", "no meaning in the standard"),
    ],
)
def test_values_of_chinas_label(value: object, claim: str, words: str) -> None:
    label = json.dumps({"AIGC": {**LABEL, "Label": value}}, ensure_ascii=False)
    for data in (
        files.png(files.chunk(b"AIGC", label.encode())),
        files.png(files.itxt("AIGC", label)),
        files.png(files.text("TC260:AIGC", json.dumps(json.loads(label)["AIGC"]))),
        files.jpeg(files.segment(0xFE, label.encode())),
        files.jpeg(files.segment(0xE1, b"Exif\0\0" + BLOCKS["comment"](label))),
    ):
        found = provenance_of(data)
        (statement,) = found.statements
        assert statement.claim == claim
        assert statement.detail == f"AIGC label {value}: {words}"
        assert found.declared == ("ai" if claim.startswith("ai") else None)
    assert found.says.startswith("suspected AI: 00119") == (claim == "suspected")


def test_parameters_whose_lines_xml_made_spaces() -> None:
    for value in (files.A1111, files.A1111.replace("\n", "&#10;")):
        found = provenance_of(files.xmp_jpeg(files.xmp(f'exif:UserComment="{value}"')))
        assert [s.tool for s in found.statements] == ["Stable Diffusion v1.10.1"]


def test_what_only_looks_like_chinas_label() -> None:
    for text in ('{"Label": "1"}', '{"AIGC": "1"}', '{"AIGC": {"Produce": "1"}}', '{"Label": "1'):
        assert read(files.jpeg(files.segment(0xFE, text.encode()))).statements == ()


def test_preambles_of_exif() -> None:
    for preamble in (b"Exif\0\0", b"Exif\0\xff", b"Exif\0\0" * 2):
        camera = preamble + files.camera()
        for makers in list(EXIF.values())[:-2]:
            for maker in makers.values():
                assert provenance_of(maker(camera)).declared == "camera"
    header = struct.pack(">I", 0)
    data = files.heic(exif=files.camera()).replace(b"\0\0\0\6Exif", header + b"Exif")
    assert read(data).declared == "camera"
