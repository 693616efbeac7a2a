"""Content credentials: signed here, tampered with, stripped, nested, kept elsewhere."""

from __future__ import annotations

import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fakeface import ReportError
from fakeface.provenance import read
from tests.provenance import _files as files

pytest.importorskip("c2pa", reason="needs the extra `c2pa`")
from cryptography import x509
from cryptography.x509.oid import NameOID

from fakeface.provenance._c2pa import check_anchors
from fakeface.provenance._trust import bundled
from tests.provenance._sign import ACME, SOURCE_TYPES, authority, sign

CAPTURED = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPES + "digitalCapture"}
OPENED = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["first"]}}
FIRST = {"title": "first", "relationship": "parentOf", "label": "first"}
AI = SOURCE_TYPES + "trainedAlgorithmicMedia"
ADOBE = {"com.adobe.digitalSourceType": AI}
PARENT = ({**FIRST, "format": "image/png"}, "image/png", files.picture())
EDITED = "c2pa.edited"


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(("kind", "mime"), files.CONTAINERS.items())
def test_a_signature_in_every_container(kind: str, mime: str, trust_list: Path) -> None:
    data = sign(files.picture(kind), mime)
    (statement,) = read(data, trust_list=trust_list).statements
    assert (statement.kind, statement.claim, statement.trust) == ("c2pa", "ai", "trusted")
    assert (statement.tool, statement.signer) == ("Acme Images 2.0", ACME)
    assert statement.detail == "c2pa.created trainedAlgorithmicMedia"
    assert str(statement) == "AI: Acme Images 2.0 (signed by Acme Images Inc.)"


def test_an_unknown_signer(trust_list: Path) -> None:
    data = sign(files.picture(), by="Somebody")
    for found in (read(data), read(data, trust_list=trust_list)):
        assert found.statements[0].trust == "unknown_signer"
        assert (found.declared, found.label) == ("ai", "AI, signer unknown")


def test_a_changed_pixel_breaks_the_signature(trust_list: Path) -> None:
    data = files.with_a_pixel_changed(sign(files.picture()))
    found = read(data, trust_list=trust_list)
    (statement,) = found.statements
    assert statement.trust == "broken"
    assert "assertion.dataHash.mismatch" in statement.detail
    assert (found.declared, found.label) == (None, "broken signature")
    assert found.says == "broken signature: AI, Acme Images 2.0"


def test_a_camera_that_signs(trust_list: Path) -> None:
    data = sign(files.picture("JPEG"), "image/jpeg", actions=[CAPTURED], tool="Acme Camera")
    found = read(data, trust_list=trust_list)
    assert (found.declared, found.label) == ("camera", "camera, signed")


def test_an_edited_picture_of_a_generator_is_declared_ai(trust_list: Path) -> None:
    edited = sign(
        files.picture(),
        actions=[OPENED, {"action": "c2pa.cropped"}],
        ingredients=[(FIRST, "image/png", sign(files.picture()))],
        tool="Editor",
    )
    found = read(edited, trust_list=trust_list)
    assert [(s.claim, s.about, s.trust) for s in found.statements] == [
        ("edited", "picture", "trusted"),
        ("ai", "parent", "trusted"),
    ]
    assert found.declared == "ai"
    again = sign(
        files.picture(),
        actions=[OPENED, {"action": "c2pa.filtered"}],
        ingredients=[(FIRST, "image/png", edited)],
        tool="Filter",
    )
    found = read(again, trust_list=trust_list)
    assert [(s.claim, s.about) for s in found.statements] == [
        ("edited", "picture"),
        ("edited", "parent"),
        ("ai", "parent"),
    ]


@pytest.mark.parametrize(("by", "trust"), [(ACME, "trusted"), ("Somebody", "unknown_signer")])
def test_the_trust_in_a_parent_is_checked_anew(trust_list: Path, by: str, trust: str) -> None:
    parent = (FIRST, "image/png", sign(files.picture(), by="Somebody"))
    data = sign(files.picture(), by=by, actions=[OPENED], ingredients=[parent], trusting="Somebody")
    found = read(data, trust_list=trust_list)
    assert [s.trust for s in found.statements] == [trust, "unknown_signer"]


def test_nothing_about_a_parent_holds_where_the_signature_is_broken(trust_list: Path) -> None:
    parent = (FIRST, "image/png", sign(files.picture()))
    signed = sign(files.picture(), actions=[OPENED], ingredients=[parent])
    found = read(files.with_a_pixel_changed(signed), trust_list=trust_list)
    assert [s.trust for s in found.statements] == ["broken", "broken"]
    assert found.declared is None


def test_a_part_made_by_ai_is_no_declaration_about_the_picture(trust_list: Path) -> None:
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["first"]}}
    data = sign(
        files.picture(),
        actions=[CAPTURED, placed],
        ingredients=[
            ({**FIRST, "relationship": "componentOf"}, "image/png", sign(files.picture()))
        ],
    )
    found = read(data, trust_list=trust_list)
    assert found.statements[1].about == "component"
    assert found.declared == "camera"
    assert "AI (component)" in found.says


def test_the_program_that_did_an_action_is_named() -> None:
    made = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPES + "trainedAlgorithmicMedia",
        "softwareAgent": {"name": "Acme 4o"},
    }
    (statement,) = read(sign(files.picture(), actions=[made])).statements
    assert statement.detail.startswith("c2pa.created trainedAlgorithmicMedia by Acme 4o")


def test_inpainting_is_an_edit_by_ai() -> None:
    term = SOURCE_TYPES + "compositeWithTrainedAlgorithmicMedia"
    inpainted = {"action": "c2pa.edited", "digitalSourceType": term}
    assert read(sign(files.picture(), actions=[CAPTURED, inpainted])).statements[0].claim == (
        "ai_edited"
    )


def test_a_remote_manifest_is_said_and_not_fetched() -> None:
    url = "https://credentials.invalid/manifest.c2pa"
    found = read(sign(files.picture("JPEG"), "image/jpeg", remote=url, embed=False))
    (statement,) = found.statements
    assert (statement.claim, statement.trust) == ("unknown", "unverified")
    assert statement.detail == f"kept at {url}, which is not fetched"
    assert found.label == "C2PA, not checked"


@pytest.mark.parametrize(("kind", "mime"), files.CONTAINERS.items())
def test_without_the_extra_claims_are_read_and_not_checked(
    kind: str, mime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sign(files.picture(kind), mime)
    large = sign(files.picture(kind), mime, ingredients=[PARENT] * 300)  # several segments
    monkeypatch.setitem(sys.modules, "c2pa", None)
    for found in (read(data), read(large)):
        statement = found.statements[0]
        assert (statement.claim, statement.trust) == ("ai", "unverified")
        assert (statement.tool, statement.signer) == ("Acme Images 2.0", None)
        assert "to check them: pip install" in statement.detail
        assert (found.declared, found.label) == ("ai", "claims AI, not checked")
        assert found.says == "claims AI: Acme Images 2.0 (not checked)"


def test_without_the_extra_parents_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = (FIRST, "image/png", sign(files.picture()))
    data = sign(files.picture(), actions=[OPENED], ingredients=[parent], tool="Editor")
    checked = read(data)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = read(data)
    assert [(s.claim, s.about, s.tool) for s in found.statements] == [
        (s.claim, s.about, s.tool) for s in checked.statements
    ]
    assert {s.trust for s in found.statements} == {"unverified"}
    assert found.declared == "ai"


def test_without_the_extra_broken_credentials_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = read(files.png(files.chunk(b"caBX", files.store())))
    assert (found.declared, found.label) == (None, "C2PA, not checked")
    assert found.says == "content credentials (not checked)"


def test_what_broken_credentials_claim_is_shown_and_does_not_count() -> None:
    signed = sign(files.picture("AVIF"), "image/avif").replace(b"\0manifest\0", b"\0xanifest\0", 1)
    found = read(signed)
    assert (found.declared, found.label) == (None, "broken signature")
    assert found.says == "broken signature: AI, Acme Images 2.0"


def test_the_trust_list_of_the_c2pa_is_the_default() -> None:
    check_anchors(bundled())
    certificates = x509.load_pem_x509_certificates(bundled().encode())
    names = {
        c.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value for c in certificates
    }
    assert "Google LLC" in names
    assert len(certificates) > 20


def test_another_trust_list_takes_the_place_of_the_default(
    trust_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = sign(files.picture())
    monkeypatch.setattr("fakeface.provenance._c2pa.bundled", lambda: authority(ACME).root)
    assert read(data).statements[0].trust == "trusted"
    other = trust_list.with_name("other.pem")
    other.write_text(authority("Somebody").root)
    assert read(data, trust_list=other).statements[0].trust == "unknown_signer"


def test_credentials_elsewhere_say_nothing() -> None:
    store = files.store()
    for data in (
        files.picture() + files.chunk(b"caBX", store),
        files.png(files.chunk(b"caBY", store)),
        files.png(files.chunk(b"caBX", b"c2pa" + store)),
        files.jpeg(files.segment(0xE5, b"JP\0\1\0\0\0\1" + store)),
        files.webp((b"C2PB", store)),
    ):
        assert read(data).statements == ()


def test_a_trust_list_has_to_hold_certificates(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no such file"):
        read(files.picture(), trust_list=tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ReportError, match="holds no certificate"):
        read(files.picture(), trust_list=tmp_path / "empty.pem")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\n!!\n")
    with pytest.raises(ReportError, match="holds a broken certificate"):
        read(files.picture(), trust_list=tmp_path / "broken.pem")


def test_a_trust_list_without_the_extra_is_an_error(
    trust_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(ReportError, match="pip install c2pa-python"):
        read(files.picture(), trust_list=trust_list)


def test_threads_check_signatures_at_once(trust_list: Path) -> None:
    data = sign(files.picture())
    with ThreadPoolExecutor(8) as pool:
        labels = pool.map(lambda _: read(data, trust_list=trust_list).label, range(200))
        assert set(labels) == {"AI, signed"}


@pytest.mark.parametrize(
    ("actions", "claim"),
    [
        ([{**OPENED, "parameters": {**OPENED["parameters"], **ADOBE}}], "ai"),  # type: ignore[dict-item]
        ([CAPTURED, {"action": "c2pa.placed", "parameters": ADOBE}], "ai_edited"),
        ([CAPTURED, {"action": EDITED, "softwareAgent": {"name": "Adobe Firefly"}}], "ai_edited"),
        ([CAPTURED, {"action": EDITED, "softwareAgent": "Magic Editor"}], "ai_edited"),
        ([CAPTURED, {"action": "com.google.edited", "softwareAgent": "Magic Editor"}], "ai_edited"),
        ([CAPTURED, {"action": EDITED, "parameters": {"name": "Generative Fill"}}], "ai_edited"),
        ([CAPTURED, {"action": EDITED, "description": "Edited with AI"}], "ai_edited"),
        ([CAPTURED, {"action": "c2pa.published", "softwareAgent": "Adobe Firefly"}], "camera"),
        ([CAPTURED, {"action": EDITED, "softwareAgent": "Adobe Lightroom"}], "camera"),
        ([{"action": "c2pa.created", "softwareAgent": "DALL-E"}], "ai"),
    ],
)
def test_what_actions_amount_to(actions: list[dict[str, Any]], claim: str) -> None:
    ingredients = [PARENT] if actions[0]["action"] == "c2pa.opened" else []
    signed = sign(files.picture(), actions=actions, ingredients=ingredients, tool="Editor")
    assert read(signed).statements[0].claim == claim


def test_an_edit_by_the_program_that_signs() -> None:
    signed = sign(files.picture(), actions=[CAPTURED, {"action": EDITED}], tool="Adobe Firefly")
    assert read(signed).statements[0].claim == "ai_edited"


@pytest.mark.parametrize(
    ("relationship", "declared"), [("parentOf", "ai"), ("componentOf", None), ("inputTo", None)]
)
def test_what_is_said_of_an_ingredient_without_a_manifest(
    relationship: str, declared: str | None
) -> None:
    about = {**FIRST, "relationship": relationship, "digital_source_type": AI}
    actions = [OPENED if relationship == "parentOf" else {"action": "c2pa.edited"}]
    signed = sign(
        files.picture(), actions=actions, ingredients=[(about, "image/png", files.picture())]
    )
    found = read(signed)
    assert found.declared == declared
    assert found.statements[1].claim == "ai"
    assert found.statements[1].about == ("parent" if relationship == "parentOf" else "component")


EXTENSION = {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}
EDIT = {"action": EDITED}
BY_INDEX = {**EDIT, "softwareAgentIndex": 0}
BARE = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPES + "digitalCreation"}
FIREFLY = {"name": "Adobe Firefly"}
LABEL = '{"Label": "1", "ContentProducer": "x"}'


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(
    ("actions", "more", "assertions", "claim"),
    [
        ([BARE], {}, {"cawg.metadata": {"Iptc4xmpExt:DigitalSourceType": AI}}, "ai"),
        ([BARE], {}, {"cawg.metadata": {"TC260:AIGC": LABEL}}, "ai"),
        ([BARE], {}, {"c2pa.ai-disclosure": {"modelType": "c2pa.types.model"}}, "ai"),
        ([CAPTURED], {}, {"c2pa.ai-disclosure": {"modelType": "c2pa.types.model"}}, "ai_edited"),
        ([CAPTURED, EDIT], {"templates": [{**EDIT, "softwareAgent": FIREFLY}]}, {}, "ai_edited"),
        ([CAPTURED, BY_INDEX], {"softwareAgents": [FIREFLY]}, {}, "ai_edited"),
    ],
)  # fmt: skip
def test_declarations_beside_the_actions(
    actions: list[dict[str, Any]],
    more: dict[str, Any],
    assertions: dict[str, Any],
    claim: str,
    checked: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, data in assertions.items():
        if name == "cawg.metadata":
            data["@context"] = EXTENSION
    data = sign(files.picture(), actions=actions, more=more, assertions=assertions, tool="Editor")
    if not checked:
        monkeypatch.setitem(sys.modules, "c2pa", None)
    statement = read(data).statements[0]
    assert statement.trust == ("unknown_signer" if checked else "unverified")
    assert statement.claim == claim
