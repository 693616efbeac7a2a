"""What the server refuses: other sites, strangers, floods, slow and hostile senders."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakeface import Detector
from fakeface.serve import ServeOptions
from tests.hostile._bombs import bombs
from tests.serve._server import CLIENT, connected, form, serving

TOKEN = "a-token-of-some-length"


def head(path: str, length: int, *lines: str) -> bytes:
    fields = ["Host: localhost", f"Content-Length: {length}", *lines]
    return "\r\n".join([f"POST {path} HTTP/1.1", *fields, "", ""]).encode()


@pytest.mark.parametrize(
    "name", ["evil.example", "localhost.evil.example", "10.0.0.1", "user@localhost", "", "a b"]
)
def test_foreign_names_are_refused(url: str, name: str) -> None:
    answer = CLIENT.get(f"{url}/healthz", headers={"Host": name})
    assert answer.status_code in (400, 421)
    assert "ok" not in answer.text


@pytest.mark.parametrize("name", ["localhost:80", "127.0.0.1", "[::1]:8300", "LOCALHOST."])
def test_own_names_are_accepted(url: str, name: str) -> None:
    assert CLIENT.get(f"{url}/healthz", headers={"Host": name}).status_code == 200


def test_two_hosts_are_refused(url: str) -> None:
    with connected(url) as opened:
        opened.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
        assert opened.recv(100).split()[1] in (b"400", b"421")


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("path", [b"/", b"/healthz", b"/v1/info"])
def test_health_checks_may_leave_the_host_out(url: str, method: bytes, path: bytes) -> None:
    with connected(url) as opened:
        opened.sendall(method + b" " + path + b" HTTP/1.0\r\n\r\n")
        assert b" 200 " in opened.recv(100)


def test_names_may_be_added(detector: Detector) -> None:
    with serving(detector, allowed_hosts=("Faces.example",)) as url:
        assert CLIENT.get(f"{url}/healthz", headers={"Host": "faces.example:1"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_pages_of_other_sites_are_refused(url: str, pictures: list[Path], origin: str) -> None:
    data = pictures[0].read_bytes()
    answer = CLIENT.post(f"{url}/v1/predict", content=data, headers={"Origin": origin})
    assert answer.status_code == 403
    assert f"pages of {origin} may not use this server" in answer.json()["detail"]
    assert "access-control-allow-origin" not in answer.headers
    asked = CLIENT.options(
        f"{url}/v1/predict",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://photos.example.org", "127.0.0.1"),  # nginx: proxy_pass alone
        ("http://photos.example.org:8080", "localhost:8300"),
        ("https://photos.example.org", "photos.example.org"),
        ("https://photos.example.org", "photos.example.org:443"),  # $host:$server_port
        ("http://photos.example.org:8080", "photos.example.org"),  # $host
        ("http://localhost", "localhost:80"),
        ("http://127.0.0.1:8300", "127.0.0.1:8300"),
    ],
)
def test_the_page_works_behind_a_proxy(
    detector: Detector, pictures: list[Path], origin: str, host: str
) -> None:
    headers = {"Origin": origin, "Host": host}
    with serving(detector, allowed_hosts=("Photos.example.org",)) as url:
        answer = CLIENT.post(
            f"{url}/page/records", content=pictures[0].read_bytes(), headers=headers
        )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1"])
def test_other_ports_of_this_machine_are_other_sites(url: str, origin: str) -> None:
    answer = CLIENT.post(f"{url}/page/records", content=b"x", headers={"Origin": origin})
    assert answer.status_code == 403


def test_one_site_may_be_allowed(detector: Detector, pictures: list[Path]) -> None:
    origin = "https://newsroom.example"
    data = pictures[0].read_bytes()
    with serving(detector, cors_origins=(origin,), token=TOKEN) as url:
        asked = CLIENT.options(
            f"{url}/v1/predict",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == origin
        headers = {"Origin": origin, "Authorization": f"Bearer {TOKEN}"}
        answer = CLIENT.post(f"{url}/v1/predict", content=data, headers=headers)
        assert answer.headers["access-control-allow-origin"] == origin
        assert len(answer.json()) == 1
        headers["Origin"] = "https://evil.example"
        assert CLIENT.post(f"{url}/v1/predict", content=data, headers=headers).status_code == 403


def test_the_token_is_needed_for_all_but_health_and_descriptions(detector: Detector) -> None:
    with serving(detector, token=TOKEN) as url:
        for path in ("/", "/healthz", "/docs", "/openapi.json"):
            assert CLIENT.get(f"{url}{path}").status_code == 200
        for path in ("/v1/info", "/metrics", "/page/about", "/v1/predict", "/x"):
            for given in (
                None,
                "Bearer",
                f"Bearer {TOKEN}x",
                f"Basic {TOKEN}",
                f"Bearer {TOKEN[:-1]}",
            ):
                headers = {} if given is None else {"Authorization": given}
                answer = CLIENT.request("GET", f"{url}{path}", headers=headers)
                assert answer.status_code == 401, (path, given)
                assert answer.headers["www-authenticate"] == "Bearer"
        right = {"Authorization": f"bearer {TOKEN}"}
        assert CLIENT.get(f"{url}/v1/info", headers=right).status_code == 200


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"host": "0.0.0.0"}, "needs a token"),
        ({"host": "192.168.1.2"}, "needs a token"),
        ({"host": "example.org"}, "needs a token"),
        ({"token": "short"}, "at least 16 characters"),
        ({"token": "with a space in it all"}, "no space"),
        ({"port": 70000}, "0 to 65535"),
        ({"max_held": 10}, "at least max_picture"),
        ({"cors_origins": ("*",)}, "https://example.org"),
        ({"allowed_hosts": ("*",)}, "a name alone"),
        ({"allowed_hosts": ("https://photos.example.org",)}, "a name alone"),
        ({"allowed_hosts": ("photos.example.org:443",)}, "a name alone"),
        ({"allowed_hosts": ("",)}, "a name alone"),
    ],
)
def test_unsafe_and_senseless_settings_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ServeOptions(**settings)


@pytest.mark.parametrize("path", ["/healthz", "/v1/info", "/none", "/metrics"])
def test_answers_forbid_browsers_everything(url: str, path: str) -> None:
    headers = CLIENT.get(f"{url}{path}").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_an_announced_body_that_is_too_large_is_not_read(detector: Detector) -> None:
    with serving(detector, max_picture=100_000) as url, connected(url) as opened:
        opened.sendall(head("/v1/predict", 10**12))
        with HTTPResponse(opened) as answer:
            answer.begin()
            text = answer.read()
    assert answer.status == 413
    assert b"larger than the" in text


@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/form-data; boundary=b"])
def test_a_body_of_unknown_length_is_cut_off_at_the_limit(detector: Detector, kind: str) -> None:
    def long() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
        for _ in range(1000):
            yield bytes(10_000)

    with serving(detector, max_picture=100_000, max_held=400_000) as url:
        answer = CLIENT.post(f"{url}/v1/predict", content=long(), headers={"Content-Type": kind})
        metrics = CLIENT.get(f"{url}/metrics").text
    assert answer.status_code == 413
    assert 'path="/v1/predict",status="413"} 1.0' in metrics
    assert "fakeface_held_bytes 0.0" in metrics


def test_a_picture_of_a_form_that_is_too_large_stops_no_other(
    detector: Detector, pictures: list[Path]
) -> None:
    small = min(pictures, key=lambda path: path.stat().st_size).read_bytes()
    sent = [("files", ("huge.jpg", bytes(len(small) + 1))), ("files", ("small", small))]
    with serving(detector, max_picture=len(small)) as url:
        records = CLIENT.post(f"{url}/v1/predict", files=sent).json()
        held = CLIENT.get(f"{url}/metrics").text
    assert "is larger than the" in records[0]["error"]
    assert records[1]["verdict"]
    assert "fakeface_held_bytes 0.0" in held


def test_too_much_at_once_is_refused(detector: Detector) -> None:
    with (
        serving(detector, max_held=100_000, max_picture=100_000) as url,
        connected(url) as first,
    ):
        first.sendall(head("/v1/predict", 99_000) + bytes(90_000))
        wait_for(url, "fakeface_held_bytes 90000.0")
        answer = CLIENT.post(f"{url}/v1/predict", content=bytes(20_000))
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0


def wait_for(url: str, line: str) -> None:
    for _ in range(200):
        if line in CLIENT.get(f"{url}/metrics").text:
            return
        time.sleep(0.02)
    pytest.fail(f"{line} never came")


def test_a_full_queue_is_refused_with_a_time(detector: Detector, pictures: list[Path]) -> None:
    with serving(detector, queue=1, workers=1) as url, connected(url) as one, connected(url) as two:
        for opened in (one, two):
            opened.sendall(head("/v1/predict", 1000) + bytes(10))
        wait_for(url, "fakeface_requests_open 2.0")
        answer = CLIENT.post(f"{url}/v1/predict", content=pictures[0].read_bytes())
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert CLIENT.get(f"{url}/healthz").status_code == 200


def test_a_request_that_goes_away_makes_room(detector: Detector) -> None:
    with serving(detector) as url:
        with connected(url) as opened:
            opened.sendall(head("/v1/predict", 90_000) + bytes(80_000))
            wait_for(url, "fakeface_held_bytes 80000.0")
        wait_for(url, "fakeface_held_bytes 0.0")
        wait_for(url, "fakeface_requests_open 0.0")


def test_a_long_head_is_refused(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):  # closed while it was sending
        answer = CLIENT.get(f"{url}/healthz", headers={"X-Long": "x" * 3_000_000})
        assert answer.status_code in (400, 431)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"url": "http://example.org/a.jpg"}', 415),
        ("text/plain", b"x", 415),
        ("application/ld+json", b"{}", 415),
        ("text/html; charset=utf-8", b"<p>", 415),
        ("multipart/mixed; boundary=b", form([("a.jpg", b"x")]), 415),
        ("image/jpeg", b"", 422),
        ("", b"", 422),
        ("multipart/form-data", form([("a.jpg", b"x")]), 400),
        ("multipart/form-data; boundary=", form([("a.jpg", b"x")]), 400),
        ("multipart/form-data; boundary=b", form([("a.jpg", b"x")] * 1001), 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"no form at all", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-da", 400),
        ("multipart/form-data; boundary=b", form([("a.jpg", b"x")])[:-8], 400),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 422),
        ("multipart/form-data; boundary=" + "b" * 5000, b"x", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n',
            422,
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 10_000, 400),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 100_000, 400),
    ],
)
def test_bodies_that_are_no_pictures_get_a_reason_and_log_nothing(
    url: str, kind: str, body: bytes, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = CLIENT.post(f"{url}/v1/predict", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/html", "application/json", "multipart/form-data", ""]
)
@pytest.mark.parametrize("body", [b"<p>no picture</p>", b""])
def test_the_page_gets_a_record_of_any_file(url: str, kind: str, body: bytes) -> None:
    answer = CLIENT.post(f"{url}/page/records?name=a", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert "not a picture" in answer.text or "is empty (0 bytes)" in answer.text


def test_compressed_bodies_are_refused(url: str) -> None:
    answer = CLIENT.post(f"{url}/v1/predict", content=b"x", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_bombs_are_refused_and_memory_comes_back(url: str) -> None:
    sent = [("files", item) for item in bombs()]
    records = CLIENT.post(f"{url}/v1/predict", files=sent).json()
    assert len(records) == len(sent)
    assert all(record["error"] for record in records)
    wait_for(url, "fakeface_held_bytes 0.0")
    assert CLIENT.get(f"{url}/healthz").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../../up.jpg",
        "<img src=x onerror=alert(1)>.jpg",
        "gps\u202egpj.exe",
        "\udcff\udcfe.jpg",
        "a\tb\x1b[31m.jpg",
        "x" * 3000,
    ],
)
def test_any_name_comes_back_and_none_is_opened(url: str, pictures: list[Path], name: str) -> None:
    data = pictures[0].read_bytes()
    answer = CLIENT.post(
        f"{url}/v1/predict",
        content=form([(name, data)]),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    (record,) = answer.json()
    data_of_name = name.encode("utf-8", "surrogateescape")
    shown = data_of_name.decode("latin-1") if "\udcff" in name else name
    assert record["source"] == shown[:1024]
    assert record["verdict"]
    assert "\x1b" not in answer.text
    assert "\u202e" not in answer.text


def test_a_failing_model_fails_one_picture(
    detector: Detector, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of everything")

    with serving(detector) as url:
        monkeypatch.setattr(detector, "_score", broken)
        data = pictures[0].read_bytes()
        (record,) = CLIENT.post(f"{url}/v1/predict", content=data).json()
        assert "internal error" in record["error"]
        monkeypatch.undo()
        (record,) = CLIENT.post(f"{url}/v1/predict", content=data).json()
        assert record["verdict"]
