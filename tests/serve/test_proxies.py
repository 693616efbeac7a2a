"""The configurations of reverse proxies in `docs/serve.md`, asked what a browser asks."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fakeface import Detector
from tests.conftest import ROOT
from tests.serve._server import CLIENT, serving

SITE = "photos.example.org"


def example(kind: str, upstream: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", (ROOT / "docs/serve.md").read_text("utf-8"), re.S)
    assert found
    assert "127.0.0.1:8300" in found[1]
    return found[1].replace("127.0.0.1:8300", upstream)


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    text = example("nginx", upstream).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    text = re.sub(r"ssl_certificate\w*\s[^;]*;", "", text)  # those are not ours to have
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};" for name in names)
    (folder / "nginx.conf").write_text(
        f"user {getpass.getuser()}; pid {folder}/pid; daemon off; events {{}}\n"
        f"http {{ access_log off; {paths}\n{text} }}"
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def nginx_with_its_own_host(folder: Path, port: int, upstream: str) -> list[str]:
    command = nginx(folder, port, upstream)
    path = folder / "nginx.conf"
    path.write_text(re.sub(r"proxy_set_header Host .*", "", path.read_text()))
    return command


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    text = example("caddy", upstream).replace(f"{SITE} {{", f"http://{SITE}:{port} {{")
    (folder / "Caddyfile").write_text("{\n    admin off\n}\n" + text)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.mark.parametrize("program", [nginx, nginx_with_its_own_host, caddy])
def test_the_page_works_through_a_proxy(
    program: Callable[..., list[str]], detector: Detector, pictures: list[Path], tmp_path: Path
) -> None:
    name = program.__name__.partition("_")[0]
    if shutil.which(name) is None:
        pytest.skip(f"needs {name}")
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    headers = {"Host": f"{SITE}:{port}", "Origin": f"http://{SITE}:{port}"}
    with serving(detector, allowed_hosts=(SITE,)) as url:
        command = program(tmp_path, port, urlsplit(url).netloc)
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
            try:
                for _ in range(100):
                    try:
                        page = CLIENT.get(f"{site}/", headers=headers)
                        break
                    except httpx.TransportError:
                        time.sleep(0.1)
                assert page.status_code == 200
                data = pictures[0].read_bytes()
                answer = CLIENT.post(f"{site}/page/records?name=a", content=data, headers=headers)
                assert answer.json()["record"]["verdict"]
                headers["Origin"] = "https://evil.example"
                # without a body: the proxy could still be sending it when the server hangs up
                answer = CLIENT.post(f"{site}/page/records?name=a", headers=headers)
                assert answer.status_code == 403
            finally:
                process.terminate()
