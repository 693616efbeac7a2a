"""A server under load: throughput against a scan of the same pictures, latency, memory.

Clients and server share this machine, so the clients' own work counts against the server. Scan and
server are measured in turns; on a busy machine trust the ratios, above all those of CPU time.
"""

from __future__ import annotations

import http.client
import io
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil
from PIL import Image

from benchmarks._markdown import table
from benchmarks._process import child_environment
from benchmarks._progress import Begin, no_progress
from benchmarks._provenance import machine_line, provenance
from benchmarks.speed._latency import pictures
from fakeface import Detector
from fakeface.diagnostics import environment
from fakeface.files import walk
from fakeface.inference import default_threads

SETS = ("256 px", "1024 px")
"""Pictures of `benchmarks.speed._latency.pictures`, where no folder is given."""

COPIES = 40
"""Pictures of each set in a round."""

CHECKPOINTS = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the requests after which memory is measured."""

_MAIN = "from fakeface.cli import main; main()"


def measure_serve(
    model: str,
    folder: Path | None = None,
    rounds: int = 5,
    requests: int = 20_000,
    begin: Begin = no_progress,
) -> dict[str, Any]:
    """Measure a server with real clients.

    Args:
        model: Name or directory of a model.
        folder: Pictures to classify; None for portraits of two sizes.
        rounds: Times that each set is scanned and sent.
        requests: Requests with a tiny picture while memory is measured.
        begin: Begins a progress bar; see `benchmarks._progress.Begin`.

    Returns:
        Plain values, ready for JSON: provenance, environment, `sets` (pictures per second, CPU
        time, latencies), `memory` (requests and MB).

    Raises:
        FakefaceError: The model cannot run.
        ValueError: There are no pictures in `folder`.
    """
    result: dict[str, Any] = {
        "benchmark": "serve",
        **provenance(environment()),
        "clients": 2 * default_threads(),
        "sets": {},
    }
    detector = Detector(model, explain=False)
    result["model"] = {"name": detector.model, "sha256": detector.info.sha256}
    if folder is None:
        data = pictures()
        sets = {name: [data[name]] * COPIES for name in SETS}
    else:
        sets = {folder.name: [Path(str(path)).read_bytes() for path in walk([folder])]}
    if not all(sets.values()):
        raise ValueError(f"{folder}: no pictures")
    with _server("--model", model) as (process, port):
        for name, bodies in sets.items():
            advance = begin(f"serving {name}", rounds)
            result["sets"][name] = _compare(detector, bodies, rounds, process, port, advance)
    with _server("--model", model, "--whole") as (process, port):
        result["memory"] = _memory(requests, process, port, begin("memory", len(CHECKPOINTS)))
    return result


@contextmanager
def _server(*words: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run a server in a process of its own; give the process and its port."""
    command = [sys.executable, "-c", _MAIN, "serve", "--port", "0", "--queue", "1000", *words]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=child_environment()
    ) as server:
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            found = re.search(r"serves at http://[^/]*:(\d+)/", line)
            if found is None:
                raise ValueError(f"the server did not start: {line + server.stderr.read()}")
            yield psutil.Process(server.pid), int(found[1])
        finally:
            server.terminate()


def _compare(
    detector: Detector,
    bodies: Sequence[bytes],
    rounds: int,
    process: psutil.Process,
    port: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """Scan and send the same pictures in turns."""
    clients = 2 * default_threads()
    wall: dict[str, list[float]] = {"scan": [], "predict": [], "alone": []}
    cpu: dict[str, list[float]] = {"scan": [], "predict": []}
    latency: dict[str, list[float]] = {"predict": [], "alone": []}
    ways: dict[str, Callable[[], list[float]]] = {
        "predict": lambda: _send(bodies, port, clients),
        "alone": lambda: _send(bodies, port, 1),
    }
    with tempfile.TemporaryDirectory() as temporary:
        paths = []
        for number, body in enumerate(bodies):
            paths.append(str(Path(temporary) / f"{number:05}.jpg"))
            Path(paths[-1]).write_bytes(body)
        for _ in range(rounds + 1):  # the first one warms up
            began, used = time.perf_counter(), time.process_time()
            for _ in detector.predict_batch(paths):
                pass
            wall["scan"].append(time.perf_counter() - began)
            cpu["scan"].append(time.process_time() - used)
            for way, send in ways.items():
                used, began = _cpu(process), time.perf_counter()
                seconds = send()
                wall[way].append(time.perf_counter() - began)
                if way in cpu:
                    cpu[way].append(_cpu(process) - used)
                if way in latency and len(wall[way]) > 1:
                    latency[way] += seconds
            advance(1)
    count = len(bodies)
    return {
        "pictures": count,
        "rounds": rounds,
        "per_second": {way: count / statistics.median(found[1:]) for way, found in wall.items()},
        "share_of_scan": statistics.median(
            scan / served
            for scan, served in zip(wall["scan"][1:], wall["predict"][1:], strict=True)
        ),
        "cpu_ms_per_picture": {way: 1e3 * min(found[1:]) / count for way, found in cpu.items()},
        "latency_ms": {
            way: {
                "n": len(seconds),
                **{f"p{q}": 1e3 * float(np.percentile(seconds, q)) for q in (50, 99)},
            }
            for way, seconds in latency.items()
        },
    }


def _cpu(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _send(bodies: Sequence[bytes], port: int, clients: int) -> list[float]:
    """Send a picture a request over connections that stay open; return seconds of each."""
    todo: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        todo.put(body)
    seconds: list[float] = []
    failed: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        try:
            while True:
                body = todo.get_nowait()
                began = time.perf_counter()
                path = f"/v1/predict?name={quote('a picture.jpg')}"
                connection.request("POST", path, body, {"Content-Type": "image/jpeg"})
                answer = connection.getresponse()
                text = answer.read()
                seconds.append(time.perf_counter() - began)
                if answer.status != 200 or b'"error": null' not in text:
                    failed.append(f"{answer.status} {text[:200]!r}")
        except Empty:
            connection.close()
        except Exception as error:
            failed.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise ValueError(f"{len(failed)} requests failed, the first: {failed[0]}")
    return seconds


def _memory(
    requests: int, process: psutil.Process, port: int, advance: Callable[[int], None]
) -> list[tuple[int, float]]:
    """Send many tiny pictures; return numbers of requests and the server's memory in MB."""
    file = io.BytesIO()
    Image.new("RGB", (32, 32), (120, 90, 80)).save(file, "JPEG")
    seen = []
    sent = 0
    for fraction in CHECKPOINTS:
        until = round(requests * fraction)
        _send([file.getvalue()] * (until - sent), port, 2 * default_threads())
        sent = until
        seen.append((sent, round(process.memory_info().rss / 1e6, 1)))
        advance(1)
    return seen


def serve_markdown(result: dict[str, Any]) -> str:
    """Format the result as tables."""
    parts = [
        "# Serving\n",
        f"- command: `{result['command']}`",
        machine_line(result["environment"]),
        f"- model: {result['model']['name']}",
        f"- {result['clients']} clients on the same machine, a picture a request",
        "- scan and server were measured in turns; on a busy machine trust ratios\n",
        "## Pictures per second\n",
        table(
            ["pictures", "scan", "server", "server / scan", "CPU ms: scan", "server"],
            [
                (
                    f"{row['pictures']} of {name}",
                    *(f"{row['per_second'][way]:.1f}" for way in ("scan", "predict")),
                    f"{row['share_of_scan']:.0%}",
                    *(f"{row['cpu_ms_per_picture'][way]:.1f}" for way in row["cpu_ms_per_picture"]),
                )
                for name, row in result["sets"].items()
            ],
        ),
        "## Latency of a request, ms\n",
        table(
            ["pictures", "requests", "one client: p50", "p99", "all clients: p50", "p99"],
            [
                (
                    name,
                    f"{row['latency_ms']['alone']['n']:,}",
                    *(f"{row['latency_ms'][way][q]:.0f}" for way in ("alone", "predict")
                      for q in ("p50", "p99")),
                )
                for name, row in result["sets"].items()
            ],
        ),
        "## Memory of the server over requests, MB\n",
        table(
            ["requests", *(f"{sent:,}" for sent, _ in result["memory"])],
            [["resident", *(f"{megabytes:.0f}" for _, megabytes in result["memory"])]],
        ),
    ]  # fmt: skip
    return "\n".join(parts)
