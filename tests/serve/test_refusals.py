"""What the server refuses: other sites, strangers, floods, slow and hostile senders."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from fakeface import Detector, ImageError
from fakeface.serve import ServeOptions
from tests.hostile._bombs import bombs
from tests.serve._server import CLIENT, connected, form, read_all, serving

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
    assert "access-control-allow-origin" not in answer.headers
    asked = CLIENT.options(
        f"{url}/v1/predict",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in asked.headers


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


def test_the_token_is_needed_for_all_but_health(detector: Detector) -> None:
    with serving(detector, token=TOKEN) as url:
        assert CLIENT.get(f"{url}/healthz").status_code == 200
        for path in ("/v1/info", "/metrics", "/openapi.json", "/v1/predict", "/v1/scan", "/x"):
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
        ({"timeout": 0}, "above 0"),
        ({"patience": float("nan")}, "above 0"),
        ({"max_held": 10}, "at least max_picture"),
        ({"cors_origins": ("*",)}, "https://example.org"),
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
        answer = read_all(opened)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"larger than the" in answer


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(detector: Detector) -> None:
    sent = 0
    with serving(detector, max_picture=100_000) as url:

        def endless() -> Any:
            nonlocal sent
            for _ in range(1_000_000):
                sent += 10_000
                yield bytes(10_000)

        with contextlib.suppress(httpx.WriteError):  # closed while it was sending
            assert CLIENT.post(f"{url}/v1/predict", content=endless()).status_code == 413
        metrics = CLIENT.get(f"{url}/metrics").text
    assert sent < 5_000_000_000
    assert 'path="/v1/predict",status="413"} 1.0' in metrics


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


def test_too_many_pictures_are_refused(detector: Detector) -> None:
    sent = [("files", (f"{n}.jpg", b"x")) for n in range(6)]
    with serving(detector, max_pictures=5) as url:
        assert CLIENT.post(f"{url}/v1/predict", files=sent).status_code == 413
        assert len(CLIENT.post(f"{url}/v1/predict", files=sent[:5]).json()) == 5
        *lines, last = CLIENT.post(f"{url}/v1/scan", files=sent).text.splitlines()
    assert "more than the 5 pictures allowed" in last
    assert all('"source"' in line for line in lines)


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
            opened.sendall(head("/v1/scan", 1000) + bytes(10))
        wait_for(url, "fakeface_requests_open 2.0")
        for path in ("/v1/predict", "/v1/scan"):
            answer = CLIENT.post(f"{url}{path}", content=pictures[0].read_bytes())
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


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET /heal",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal",
    ],
)
def test_slow_headers_are_cut_off(detector: Detector, begin: bytes) -> None:
    with serving(detector, patience=1.0) as url, connected(url) as opened:
        began = time.monotonic()
        opened.sendall(begin)
        read_all(opened)
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/scan"])
def test_a_slow_body_is_cut_off(detector: Detector, path: str) -> None:
    with serving(detector, patience=1.0) as url, connected(url) as opened:
        opened.sendall(head(path, 100_000))
        stop = Event()

        def drip() -> None:
            try:
                while not stop.wait(0.2):
                    opened.sendall(b"x")
            except OSError:
                pass

        thread = Thread(target=drip)
        thread.start()
        answer = read_all(opened)
        stop.set()
        thread.join()
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_long_head_is_refused(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):  # closed while it was sending
        answer = CLIENT.get(f"{url}/healthz", headers={"X-Long": "x" * 3_000_000})
        assert answer.status_code in (400, 431)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"url": "http://example.org/a.jpg"}', 415),
        ("text/plain", b"x", 415),
        ("multipart/form-data", b"x", 400),
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
@pytest.mark.parametrize("path", ["/v1/predict", "/v1/scan"])
def test_bodies_that_are_no_pictures_get_a_reason(
    url: str, path: str, kind: str, body: bytes, status: int
) -> None:
    answer = CLIENT.post(f"{url}{path}", content=body, headers={"Content-Type": kind})
    if path == "/v1/scan" and b"a.jpg" in body and status == 400:  # the first picture was complete
        assert "cut off" in answer.text
        return
    assert answer.status_code == status
    assert answer.json()["detail"]


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
    assert record["source"] == name[:1024]
    assert record["verdict"]
    assert "\x1b" not in answer.text
    assert "\u202e" not in answer.text


def test_a_picture_that_takes_too_long_is_given_up(
    detector: Detector, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()
    preprocess = detector.preprocess

    def slow(source: Any) -> Any:
        if source.name == "slow":
            go_on.wait(20)
        return preprocess(source)

    monkeypatch.setattr(detector, "preprocess", slow)
    data = pictures[0].read_bytes()
    with serving(detector, timeout=0.5, workers=1) as url:
        (record,) = CLIENT.post(f"{url}/v1/predict?name=slow", content=data).json()
        assert record["error"] == "took longer than the 0.5 seconds allowed"
        assert CLIENT.get(f"{url}/healthz").status_code == 503
        go_on.set()
        wait_for(url, "fakeface_late_threads 0.0")
        assert CLIENT.get(f"{url}/healthz").status_code == 200
        (record,) = CLIENT.post(f"{url}/v1/predict", content=data).json()
        assert record["verdict"]
        wait_for(url, "fakeface_held_bytes 0.0")


def test_a_failing_model_fails_one_picture(
    detector: Detector, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("out of everything")

    with serving(detector) as url:
        monkeypatch.setattr(detector, "score", broken)
        data = pictures[0].read_bytes()
        (record,) = CLIENT.post(f"{url}/v1/predict", content=data).json()
        assert "internal error" in record["error"]
        monkeypatch.undo()
        (record,) = CLIENT.post(f"{url}/v1/predict", content=data).json()
        assert record["verdict"]


def test_fail_makes_a_prediction_of_an_error(detector: Detector) -> None:
    prediction = detector.fail(ImageError("a.jpg", "is broken"))
    assert (prediction.source, prediction.error) == ("a.jpg", "is broken")
    assert prediction.settings == detector.settings
