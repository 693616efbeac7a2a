"""A server under load: throughput against a scan of the same pictures, latency, memory.

Clients and server share this machine, so the clients' own work counts against the server. Scan and
server are measured in turns; on a busy machine trust the ratios, above all those of CPU time.
"""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil

from benchmarks._markdown import table
from benchmarks._process import child_environment
from benchmarks._provenance import machine_line, provenance
from benchmarks.speed._pictures import picture_sets, tiny_picture
from fakeface import Detector
from fakeface.diagnostics import environment
from fakeface.inference import default_threads
from train.command_line import progress

COPIES = 40
"""Pictures of each set in a round."""

CHECKPOINTS = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the requests after which memory is measured."""

_MAIN = "from fakeface.cli import main; main()"


def measure_serve(model: str, folder: Path | None, rounds: int, requests: int) -> dict[str, Any]:
    """Measure a server with real clients.

    Args:
        model: Name or directory of a model.
        folder: Pictures to classify; None for portraits of two sizes.
        rounds: Times that each set is scanned and sent.
        requests: Requests with a tiny picture while memory is measured.

    Returns:
        Plain values, ready for JSON: provenance, environment, `sets` (pictures per second, CPU
        time, latencies), `memory` (requests and MB).

    Raises:
        FakefaceError: The model cannot run.
        ValueError: There are no pictures in `folder`.
    """
    before = environment()
    detector = Detector(model, explain=False)
    with tempfile.TemporaryDirectory() as temporary:
        sets = picture_sets(folder, Path(temporary), COPIES)
        with _server("--model", model) as (process, port):
            compared = {
                name: _compare(detector, paths, rounds, process, port, name)
                for name, paths in sets.items()
            }
    with _server("--model", model, "--whole") as (process, port):
        memory = _memory(requests, process, port)
    return {
        "benchmark": "serve",
        **provenance(before),
        "model": {"name": detector.model, "sha256": detector.info.sha256},
        "clients": 2 * default_threads(),
        "sets": compared,
        "memory": memory,
    }


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
    paths: Sequence[str],
    rounds: int,
    process: psutil.Process,
    port: int,
    name: str,
) -> dict[str, Any]:
    """Scan and send the same pictures in turns."""
    bodies = [Path(path).read_bytes() for path in paths]
    wall, cpu, latency = (defaultdict[str, list[float]](list) for _ in range(3))
    here = psutil.Process()
    for number in progress(range(rounds + 1), f"serving {name}", rounds + 1):
        for way, clients in (("scan", 0), ("alone", 1), ("predict", 2 * default_threads())):
            measured = process if clients else here
            used, began = _cpu(measured), time.perf_counter()
            if clients:
                seconds = _send(bodies, port, clients)
            else:
                seconds = [0.0 for _ in detector.predict_batch(paths)]
            if number:  # the first round warms up
                wall[way].append(time.perf_counter() - began)
                cpu[way].append(_cpu(measured) - used)
                latency[way] += seconds
    ratios = [scan / served for scan, served in zip(wall["scan"], wall["predict"], strict=True)]
    return {
        "pictures": len(paths),
        "rounds": rounds,
        "per_second": {w: len(paths) / statistics.median(wall[w]) for w in ("scan", "predict")},
        "share_of_scan": statistics.median(ratios),
        "cpu_ms_per_picture": {w: 1e3 * min(cpu[w]) / len(paths) for w in ("scan", "predict")},
        "latency_ms": {
            way: {f"p{q}": 1e3 * float(np.percentile(latency[way], q)) for q in (50, 99)}
            for way in ("alone", "predict")
        },
    }


def _cpu(process: psutil.Process) -> float:
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


def _memory(requests: int, process: psutil.Process, port: int) -> list[tuple[int, float]]:
    """Send many tiny pictures; return numbers of requests and the server's memory in MB."""
    seen = []
    sent = 0
    for fraction in progress(CHECKPOINTS, "memory", len(CHECKPOINTS)):
        until = round(requests * fraction)
        _send([tiny_picture()] * (until - sent), port, 2 * default_threads())
        sent = until
        seen.append((sent, round(process.memory_info().rss / 1e6, 1)))
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
            ["pictures", "one client: p50", "p99", "all clients: p50", "p99"],
            [
                (
                    name,
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
