"""Figures of a running server, in the text format of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from fakeface.reports._tally import LABELS, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakeface.types import Prediction

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts requests, pictures and verdicts; no name of a picture is among them."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fakeface_requests",
            "Requests answered, by path and status.",
            ("path", "status"),
            registry=self._registry,
        )
        self._pictures = Counter(
            "fakeface_pictures",
            "Pictures classified, by verdict; unreadable ones are among them.",
            ("verdict",),
            registry=self._registry,
        )
        for name in LABELS:
            self._pictures.labels(name)
        self._seconds = Histogram(
            "fakeface_picture_seconds",
            "Seconds that a picture took of a thread.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a value that is read whenever the figures are asked for."""
        Gauge(f"fakeface_{name}", text, registry=self._registry).set_function(value)

    def picture(self, prediction: Prediction, seconds: float) -> None:
        """Count a picture."""
        self._pictures.labels(outcome(prediction)).inc()
        self._seconds.observe(seconds)

    def request(self, path: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(path, str(status)).inc()

    def text(self) -> bytes:
        """Return all figures."""
        return generate_latest(self._registry)
