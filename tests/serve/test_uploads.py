"""Forms of every kind of client, and broken ones, read without a server."""

from __future__ import annotations

import asyncio
import random

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from fakeface import ImageError
from fakeface.serve import ServeOptions
from fakeface.serve._uploads import Upload, read_pictures

FORM = b"multipart/form-data; boundary=b"


def read(body: bytes, kind: bytes = FORM, size: int = 1000) -> list[Upload | ImageError]:
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]

    async def receive() -> dict[str, object]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    scope = {"type": "http", "headers": [(b"content-type", kind)], "query_string": b""}
    return asyncio.run(
        read_pictures(Request(scope, receive), ServeOptions(max_picture=500), lambda _: None)
    )


def part(parameters: str, data: bytes = b"DATA") -> bytes:
    head = f"--b\r\nContent-Disposition: form-data; {parameters}\r\n\r\n"
    return head.encode() + data + b"\r\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("name=files; filename*=utf-8''%D1%84%D0%BE%D1%82%D0%BE.png", "фото.png"),
        ("name=files; filename*=\"UTF-8'en'a%20b.png\"", "a b.png"),
        ("name=files; FileName* = utf-8''a%3Bb%22c.png ; x=y", 'a;b"c.png'),
        ("name=files; filename=\"plain.png\"; filename*=utf-8''%C3%A9.png", "é.png"),
        ("name=files; filename*=utf-8''%C3%A9.png; filename=\"plain.png\"", "é.png"),
        ('name=files; filename="plain.png"; filename*=nonsense', "plain.png"),
        ('name=files; filename="ñ.png"', "ñ.png"),
        ("name=files; filename=plain.png", "plain.png"),
        ('name=files; filename=""', "<bytes>"),
    ],
)
def test_the_name_of_a_file(parameters: str, name: str, size: int) -> None:
    (upload,) = read(part(parameters) + b"--b--\r\n", size=size)
    assert isinstance(upload, Upload)
    assert (upload.name, upload.read()) == (name, b"DATA")


@pytest.mark.parametrize(
    "kind", [b'Multipart/Form-Data; Boundary="b"', b"multipart/form-data;charset=utf-16;boundary=b"]
)
def test_the_kind_of_a_form_may_be_written_otherwise(kind: bytes) -> None:
    first, second = read(
        part("name=f; filename=a") + part("name=f; filename=b", b"") + b"--b--", kind
    )
    assert [first.name, second.name] == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (part('name=files; filename=""', b"") + b"--b--", "has no files"),  # none was chosen
        (part("name=files") + b"--b--", "the field 'files' is no file"),
        (part('filename="a.png"') + b"--b--", 'field "name" must be provided'),
        (b"--c\r\n\r\n--c--", "the boundary that the Content-Type header names"),
        (part("name=files; filename=a"), "cut off"),
    ],
)
def test_what_a_form_lacks_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(HTTPException) as refused:
        read(body)
    assert reason in refused.value.detail


def test_a_broken_form_is_refused_and_nothing_else_happens() -> None:
    whole = part("name=f; filename=a; filename*=utf-8''%C3%A9") + part("name=f; filename*=utf-8''x")
    whole += b"--b--\r\n"
    dice = random.Random(1)
    refused = 0
    for _ in range(300):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at, what = dice.randrange(len(body) + 1), dice.random()
            if what < 0.4 and body:
                body[at % len(body)] = dice.choice(b"\r\n-b;=\"'*%\\\0 \xff:")
            elif what < 0.6:
                del body[at : at + dice.randint(1, 20)]
            elif what < 0.8:
                body[at:at] = body[dice.randrange(len(body) + 1) :][:40]
            else:
                del body[at:]
        try:
            read(bytes(body), size=dice.choice([1, 7, 1000]))
        except HTTPException as error:
            assert error.status_code in (400, 413, 415, 422)
            refused += 1
    assert 100 < refused < 300
