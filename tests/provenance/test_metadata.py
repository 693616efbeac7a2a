"""Unsigned metadata: generators' texts, EXIF, IPTC and XMP, in every container."""

from __future__ import annotations

import json
import time

import pytest

from fakeface.provenance import Provenance, read
from fakeface.provenance._blocks import MAX_BLOCK
from tests.provenance import _files as files

AI_TERM = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def only(data: bytes) -> tuple[str, str, str | None]:
    found = read(data)
    assert not found.problems
    (statement,) = found.statements
    assert statement.trust == "unsigned"
    return statement.kind, statement.claim, statement.tool


def test_a_picture_without_metadata_says_nothing() -> None:
    for kind in (*files.CONTAINERS, "GIF", "BMP"):
        found = read(files.picture(kind))
        assert found == Provenance(), kind
        assert (found.says, found.label, found.declared) == ("nothing", "", None)


@pytest.mark.parametrize(
    ("chunks", "claim", "tool"),
    [
        (
            [
                files.text(
                    "workflow",
                    json.dumps({"nodes": [{"type": "KSampler"}, {"type": "LoadImage"}]}),
                )
            ],
            "ai_edited",
            "ComfyUI",
        ),
        (
            [files.text("prompt", json.dumps({"1": {"class_type": "SaveImage", "inputs": {}}}))],
            "unknown",
            "ComfyUI",
        ),
        ([files.itxt("invokeai_metadata", '{"app_version": "5.0"}')], "ai", "InvokeAI 5.0"),
        ([files.text("Dream", '"a face" -s 50 -S 42 -W 512 -H 512 -C 7.5')], "ai", "InvokeAI"),
        (
            [
                files.text("Title", "AI generated image"),
                files.text("Software", "NovelAI"),
                files.text("Source", "Stable Diffusion XL 8BA2AF87"),
                files.text("Comment", json.dumps({"prompt": "a face", "steps": 28})),
            ],
            "ai",
            "NovelAI (Stable Diffusion XL 8BA2AF87)",
        ),
        ([files.text("Software", "Adobe Photoshop 25.0")], "edited", "Adobe Photoshop 25.0"),
        ([files.text("Software", "gnome-screenshot")], "unknown", "gnome-screenshot"),
    ],
)
def test_texts_of_generators(chunks: list[bytes], claim: str, tool: str) -> None:
    data = files.png(*chunks)
    assert only(data) == ("png", claim, tool)
    assert read(data).declared == ("ai" if claim.startswith("ai") else None)


def run(**nodes: tuple[str, dict[str, object]]) -> str:
    return json.dumps({k: {"class_type": c, "inputs": i} for k, (c, i) in nodes.items()})


def saved(*nodes: dict[str, object], **more: object) -> str:
    return json.dumps({"nodes": list(nodes), **more})


SAVE = ("SaveImage", {"images": ["1", 0], "filename_prefix": "x"})
LOAD = ("LoadImage", {"image": "x.png"})
SERVICES = (
    "GeminiImageNode", "GeminiImage2Node", "OpenAIDalle2", "OpenAIDalle3", "OpenAIGPTImage1",
    "FluxProUltraImageNode", "FluxKontextProImageNode", "Flux2ProImageNode", "IdeogramV3",
    "RecraftTextToImageNode", "StabilityStableImageUltraNode", "StabilityStableImageSD_3_5Node",
    "LumaImageNode", "RunwayTextToImageNode", "KlingImageGenerationNode", "ByteDanceImageNode",
    "ByteDanceSeedreamNode", "WanTextToImageApi", "GrokImageNode", "ReveImageCreateNode",
    "AcmePictureService",
)  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_nodes_that_have_a_service_make_the_picture(name: str) -> None:
    asked = (name, {"prompt": "portrait of a woman", "model": "x"})
    output = {"name": "IMAGE", "type": "IMAGE"}
    node = {"type": name, "widgets_values": ["portrait of a woman"], "outputs": [output]}
    for graph in (
        run(**{"1": asked, "2": SAVE}),
        saved(node, {"type": "SaveImage", "widgets_values": ["x"]}),
        saved({"type": "0-1"}, definitions={"subgraphs": [{"id": "0-1", "nodes": [node]}]}),
    ):
        found = read(files.png(files.text("prompt", graph)))
        assert [(s.claim, s.tool) for s in found.statements] == [("ai", "ComfyUI")]
        assert found.statements[0].detail == "prompt: portrait of a woman"
    changed = run(**{"1": (name, {"prompt": "a hat", "image": ["3", 0]}), "2": SAVE, "3": LOAD})
    assert only(files.png(files.text("prompt", changed)))[1] == "ai_edited"


@pytest.mark.parametrize(
    "graph",
    [
        run(**{"1": LOAD, "2": SAVE}),
        run(**{"1": LOAD, "2": SAVE, "3": ("GeminiNode", {"prompt": "x", "images": ["1", 0]})}),
        run(**{"1": LOAD, "2": ("SaveImage", {"images": ["1", 0], "filename_prefix": ["3", 0]}),
               "3": ("OpenAIChatNode", {"prompt": "name it", "images": ["1", 0]})}),
        run(**{"1": ("ImageScale", {"image": ["3", 0]}), "2": SAVE, "3": LOAD}),
        run(**{"1": ("GroundingDinoSAMSegment", {"prompt": "face", "image": ["3", 0]}),
               "2": SAVE, "3": LOAD}),
        saved({"type": "LoadImage", "widgets_values": ["my best photo.png", "image"],
               "outputs": [{"type": "IMAGE"}, {"type": "MASK"}]}, {"type": "SaveImage"}),
        saved({"type": "KSampler", "mode": 4}, {"type": "LoadImage"}),
    ],
)  # fmt: skip
def test_a_graph_that_makes_no_picture_declares_nothing(graph: str) -> None:
    found = read(files.png(files.text("prompt", graph)))
    assert [(s.claim, s.tool) for s in found.statements] == [("unknown", "ComfyUI")]


def test_a_graph_that_makes_nothing_hides_nothing_beside_it() -> None:
    graph = files.text("prompt", run(**{"1": LOAD, "2": SAVE}))
    for other in (
        files.text("generation_data", json.dumps({"prompt": "x", "seed": 1, "steps": 20})),
        files.text("parameters", files.A1111),
        files.text("flow", json.dumps(files.COMFY)),
    ):
        assert read(files.png(graph, other)).declared == "ai"


@pytest.mark.parametrize(
    "texts",
    [
        {"Prompt": "a woman", "Seed": "1", "Steps": "25", "Stable Diffusion model": "sd"},
        {"prompt": "a woman", "seed": "1", "num_inference_steps": "25", "guidance_scale": "7"},
        {"prompt": "a woman", "negative_prompt": "", "sampler_name": "euler_a", "seed": "1"},
    ],
)
def test_easy_diffusion_keeps_one_text_for_each_setting(texts: dict[str, str]) -> None:
    assert only(files.png(*map(files.text, texts, texts.values())))[:2] == ("png", "ai")


@pytest.mark.parametrize(
    "software",
    ["Firefly Camera 8S", "Editor de imagen", "Gemini Observatory", "Krea Smith", "Reverie 2"],
)
def test_names_like_those_of_generators(software: str) -> None:
    found = read(files.png(files.text("Software", software)))
    assert [s.claim for s in found.statements] == ["unknown"]


@pytest.mark.parametrize(
    "chunk",
    [
        files.text("prompt", "a portrait, made with ComfyUI"),
        files.text("parameters", "Steps to take: none"),
        files.text("Description", "Midjourney is a generator; Job ID: none"),
        files.text("Author", "Midjourney"),
        files.chunk(b"teXt", b"parameters\0" + files.A1111.encode()),
    ],
)
def test_words_in_other_places_say_nothing(chunk: bytes) -> None:
    assert read(files.png(chunk)) == Provenance()


def test_what_stands_behind_the_end_says_nothing() -> None:
    markers = b"trainedAlgorithmicMedia c2pa jumb " + files.text("parameters", files.A1111)
    for kind in ("PNG", "JPEG", "WEBP"):
        found = read(files.picture(kind) + markers)
        assert (found.statements, found.declared) == ((), None)
        assert found.trailing == len(markers)
        assert found.says == f"nothing; {len(markers)} bytes behind the picture ignored"
        assert found.label == "trailing bytes"
    for kind in {"TIFF", "GIF", "BMP", "AVIF"} & {*files.CONTAINERS, "GIF", "BMP"}:
        assert read(files.picture(kind) + markers).statements == ()


def test_a_camera() -> None:
    found = read(files.camera_jpeg())
    (statement,) = found.statements
    assert (statement.kind, statement.claim, statement.tool) == ("exif", "camera", "Canon EOS R5")
    assert statement.detail == "RF85mm F1.2 L USM, 1/200 s, f/2.8, ISO 400, 85 mm"
    assert (found.declared, found.says) == ("camera", "camera: Canon EOS R5 (unsigned)")


def test_a_camera_and_an_editor() -> None:
    block = files.exif(make="SONY", model="ILCE-7M4", iso=100, software="GIMP 2.10.36")
    found = read(files.jpeg(files.segment(0xE1, b"Exif\0\0" + block)))
    assert found.declared == "camera"
    assert found.says == "camera: SONY ILCE-7M4 (unsigned); edited: GIMP 2.10.36 (unsigned)"


def test_a_model_without_an_exposure_is_no_photograph() -> None:
    block = files.exif(make="Canon", model="Canon EOS R5")
    assert read(files.jpeg(files.segment(0xE1, b"Exif\0\0" + block))) == Provenance()


@pytest.mark.parametrize(
    ("term", "claim"),
    [
        (AI_TERM, "ai"),
        ("https" + AI_TERM.removeprefix("http"), "ai"),
        ("trainedAlgorithmicMedia", "ai"),
        ("digsrctype:trainedAlgorithmicMedia", "ai"),
        (AI_TERM.replace("trained", "compositeWithTrained"), "ai_edited"),
        (AI_TERM.replace("trainedAlgorithmicMedia", "digitalCapture"), "camera"),
        (AI_TERM.replace("trainedAlgorithmicMedia", "computationalCapture"), "camera"),
        (AI_TERM.replace("trainedAlgorithmicMedia", "humanEdits"), "edited"),
        (AI_TERM.replace("trainedAlgorithmicMedia", "screenCapture"), "unknown"),
    ],
)
def test_digital_source_types(term: str, claim: str) -> None:
    for packet in (
        files.xmp(f'Iptc4xmpExt:DigitalSourceType="{term}"'),
        files.xmp("", f"<Iptc4xmpExt:DigitalSourceType>{term}</Iptc4xmpExt:DigitalSourceType>"),
        files.xmp("", f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{term}"/>'),
    ):
        assert only(files.xmp_jpeg(packet)) == ("iptc", claim, None)


def test_credit_lines() -> None:
    for credit, claim in (("Made with Google AI", "ai"), ("Edited with Google AI", "ai_edited")):
        packet = files.xmp(f'photoshop:Credit="{credit}"')
        assert only(files.xmp_jpeg(packet)) == ("iptc", claim, credit)
        resource = files.photoshop(b"\0\1", 0x03ED) + files.photoshop(files.iim((110, credit)))
        data = files.jpeg(files.segment(0xED, b"Photoshop 3.0\0" + resource))
        assert only(data) == ("iptc", claim, credit)
    for credit in ("A. Person", "Lara Dalle Molle", "Clean Up Australia", "Imagen 1: Ayuntamiento",
                   "Jimeng Zhang / Xinhua", "Photo Assist Ltd"):  # fmt: skip
        assert read(files.xmp_jpeg(files.xmp(f'photoshop:Credit="{credit}"'))) == Provenance()


def test_a_property_of_another_picture_says_nothing() -> None:
    inner = (
        "<xmpMM:DerivedFrom><rdf:Description"
        f' Iptc4xmpExt:DigitalSourceType="{AI_TERM}"/></xmpMM:DerivedFrom>'
    )
    assert read(files.xmp_jpeg(files.xmp("", inner))) == Provenance()


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a x:CreatorTool="&b;"/>', "entities"),
        (b"<a><CreatorTool>", "no well-formed XML"),
        (b"<a>CreatorTool" + b"<" * 50_000, "too many elements"),
    ],
)
def test_broken_xmp_is_a_problem(packet: bytes, reason: str) -> None:
    found = read(files.xmp_jpeg(packet))
    assert found.statements == ()
    assert reason in found.problems[0]
    assert found.says.startswith("unreadable: xmp")
    assert found.label == "unreadable"


def test_many_packets_cost_no_more_than_those_that_are_read() -> None:
    packet = b"\x21\xff\x0bXMP DataXMP" + b"\0"
    data = files.gif(*[packet] * 45_000) + bytes(900_000)
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 2


def test_large_texts_are_not_read() -> None:
    bomb = files.ztxt("parameters", b"a" * (MAX_BLOCK + 1))
    found = read(files.png(bomb, files.chunk(b"tEXt", b"a\0" + bytes(MAX_BLOCK))))
    assert found.statements == ()
    assert [problem[:8] for problem in found.problems] == ["png text"] * 2
    broken = files.chunk(b"zTXt", b"parameters\0\0" + b"not packed")
    assert len(read(files.png(broken)).problems) == 1


def test_deep_json_says_nothing() -> None:
    deep = '{"a":' * 50_000
    assert read(files.png(files.text("prompt", deep))) == Provenance()


def test_provenance_becomes_json_and_back() -> None:
    for data in (files.comfy_png(), files.camera_jpeg(), files.picture(), files.picture() + b"x"):
        found = read(data)
        assert Provenance.from_dict(json.loads(json.dumps(found.as_dict()))) == found
