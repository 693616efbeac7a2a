"""The HTTP API, asked by a real client: what it answers, and in which form."""

from __future__ import annotations

import io
import json
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image

from fakeface import Detector, __version__
from fakeface.diagnostics import installed
from fakeface.reports._jsonl import encode
from tests.serve._server import CLIENT, serving


def files(pictures: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (path.name, path.read_bytes())) for path in pictures]


def expected(detector: Detector, pictures: list[Path]) -> list[str]:
    return [encode(detector.predict(path.read_bytes(), name=path.name)) for path in pictures]


def test_predict_gives_what_the_command_line_gives(
    url: str, detector: Detector, pictures: list[Path]
) -> None:
    answer = CLIENT.post(f"{url}/v1/predict", files=files(pictures))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    text = "[\n" + ",\n".join(expected(detector, pictures)) + "\n]\n"
    assert answer.text == text


def test_one_picture_may_be_the_body(url: str, detector: Detector, pictures: list[Path]) -> None:
    data = pictures[0].read_bytes()
    for headers in (
        {},
        {"Content-Type": "image/png"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ):
        answer = CLIENT.post(f"{url}/v1/predict?name=a/b%20c.png", content=data, headers=headers)
        assert answer.json() == [detector.predict(data, name="a/b c.png").as_dict()]
    assert CLIENT.post(f"{url}/v1/predict", content=data).json()[0]["source"] == "<bytes>"


def test_a_bad_picture_does_not_stop_the_others(
    url: str, detector: Detector, pictures: list[Path]
) -> None:
    bad = [("files", ("notes.txt", b"no picture")), ("files", ("empty.jpg", b""))]
    sent = [*files(pictures[:1]), *bad, *files(pictures[1:2])]
    records = CLIENT.post(f"{url}/v1/predict", files=sent).json()
    assert [r["source"] for r in records] == [
        pictures[0].name, "notes.txt", "empty.jpg", pictures[1].name,
    ]  # fmt: skip
    assert [r["error"] for r in records] == [
        None,
        "is not a picture in a format that fakeface reads",
        "is empty (0 bytes)",
        None,
    ]


def test_info_describes_installation_detector_and_limits(url: str, detector: Detector) -> None:
    info = CLIENT.get(f"{url}/v1/info").json()
    described = json.loads(json.dumps(installed()))
    assert {key: info[key] for key in described} == described
    assert info["detector"]["settings"] == detector.settings
    assert info["limits"]["max_picture"] == 64 << 20


def test_metrics_count_verdicts_and_requests(detector: Detector, pictures: list[Path]) -> None:
    with serving(detector) as url:
        CLIENT.post(f"{url}/v1/predict", files=files(pictures))
        CLIENT.post(f"{url}/v1/predict", content=b"none")
        CLIENT.get(f"{url}/nothing/here")
        text = CLIENT.get(f"{url}/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['fakeface_requests_total{path="/v1/predict",status="200"}']) == 2
    assert float(lines['fakeface_requests_total{path="other",status="404"}']) == 1
    assert float(lines['fakeface_pictures_total{verdict="unreadable"}']) == 1
    assert float(lines["fakeface_picture_seconds_count"]) == len(pictures) + 1
    assert float(lines["fakeface_held_bytes"]) == 0
    assert float(lines["fakeface_requests_open"]) == 0


def test_healthy(url: str) -> None:
    answer = CLIENT.get(f"{url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_description_has_the_schema_of_predictions(url: str) -> None:
    described = CLIENT.get(f"{url}/openapi.json").json()
    assert described["info"]["version"] == __version__
    assert set(described["paths"]) == {"/v1/predict", "/v1/info", "/healthz", "/metrics"}
    ok = described["paths"]["/v1/predict"]["post"]["responses"]["200"]
    assert ok["content"]["application/json"]["schema"]["type"] == "array"


def test_records_fit_their_description(url: str, detector: Detector, pictures: list[Path]) -> None:
    schemas = CLIENT.get(f"{url}/openapi.json").json()["components"]["schemas"]
    answer = CLIENT.post(f"{url}/v1/predict", files=[*files(pictures), ("files", ("a", b"none"))])
    names = list(schemas["Record"]["properties"])
    faces = list(schemas["FaceRecord"]["properties"])
    for record in answer.json():
        assert list(record) == names
        assert all(list(face) == faces for face in record["faces"])
    assert any(record["faces"] for record in answer.json())
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    schema = {"$ref": "#/components/schemas/Record", "components": {"schemas": schemas}}
    for record in answer.json():
        validator(schema).validate(record)


def test_the_description_is_a_page_that_loads_nothing(url: str) -> None:
    answer = CLIENT.get(f"{url}/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert f"curl --data-binary @portrait.jpg &#x27;{url}/v1/predict" in answer.text
    described = CLIENT.get(f"{url}/openapi.json").json()
    for name in (*described["paths"], *described["components"]["schemas"]):
        assert name in answer.text


def test_pictures_of_phones_are_read(url: str) -> None:
    heif = pytest.importorskip("pillow_heif", reason="needs the extra `heif`")
    file = io.BytesIO()
    heif.from_pillow(Image.new("RGB", (64, 64), "red")).save(file)
    answer = CLIENT.post(f"{url}/v1/predict?name=a.heic", content=file.getvalue())
    assert answer.json()[0]["error"] is None


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/info", "/docs"])
def test_head_is_answered_as_get_without_a_body(url: str, path: str) -> None:
    answer = CLIENT.head(f"{url}{path}")
    expected = CLIENT.get(f"{url}{path}")
    assert answer.status_code == 200
    assert answer.content == b""
    for name in ("content-type", "content-length", "content-security-policy"):
        assert answer.headers[name] == expected.headers[name]


def test_many_clients_at_once_get_their_own_answers(
    url: str, detector: Detector, pictures: list[Path]
) -> None:
    right = dict(zip((p.name for p in pictures), expected(detector, pictures), strict=True))
    wrong: list[str] = []

    def ask(path: Path) -> None:
        for _ in range(3):
            answer = CLIENT.post(f"{url}/v1/predict?name={path.name}", content=path.read_bytes())
            if answer.text != f"[\n{right[path.name]}\n]\n":
                wrong.append(answer.text)

    threads = [Thread(target=ask, args=(path,)) for path in pictures[:6]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("path", ["/v1/scan", "/../etc/passwd"])
def test_nothing_else_is_there(url: str, path: str) -> None:
    assert CLIENT.get(f"{url}{path}").status_code == 404
