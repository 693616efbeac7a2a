"""Where a model runs: execution providers by short name, and sessions on them."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from fakeface._errors import ModelError, ProviderError

if TYPE_CHECKING:
    import onnxruntime as ort

_log = logging.getLogger("fakeface")
_told: set[str] = set()

_AUTO_ORDER = ("cuda", "coreml", "dml")
"""What `auto` tries before the CPU."""


def _short(name: str) -> str:
    return name.removesuffix("ExecutionProvider").lower()


def available_providers() -> tuple[str, ...]:
    """Short names of the providers of this ONNX Runtime, such as `cpu`, `cuda`, `coreml`."""
    import onnxruntime as ort

    return tuple(_short(name) for name in ort.get_available_providers())


def resolve_provider(requested: str) -> tuple[str, ...]:
    """Full names of the providers to try, in order.

    Args:
        requested: `auto`, or a short or full name in any case.

    Returns:
        Names as ONNX Runtime spells them, the CPU last.

    Raises:
        ProviderError: There is no such provider here.
    """
    import onnxruntime as ort

    full = {_short(name): name for name in ort.get_available_providers()}
    cpu = full.get("cpu", "CPUExecutionProvider")
    if requested.lower() == "auto":
        return (*(full[name] for name in _AUTO_ORDER if name in full), cpu)
    name = _short(requested.strip())
    if name not in full:
        raise ProviderError(requested, ("auto", *full))
    return (full[name],) if full[name] == cpu else (full[name], cpu)


def default_threads() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def session_options(threads: int | None = None) -> ort.SessionOptions:
    """Options that suit a machine that has other work too.

    Threads do not spin while they wait: on a busy or shared machine spinning makes every run
    slower (`allow_spinning=0` was 1.5 times as fast with one core busy).

    Args:
        threads: Threads inside an operator; None for one per processor.

    Returns:
        Session options of ONNX Runtime.

    Raises:
        ValueError: `threads` is below 1.
    """
    import onnxruntime as ort

    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def open_session(
    model: str,
    data: bytes,
    provider: str = "auto",
    threads: int | None = None,
    options: ort.SessionOptions | None = None,
) -> ort.InferenceSession:
    """Open a session on a provider; what was asked for by name is what runs, or an error.

    Args:
        model: Name of the model, for messages.
        data: Bytes of the ONNX file.
        provider: `auto`, or the name of a provider.
        threads: Threads inside an operator; None for one per processor.
        options: Session options to use instead; `threads` is then left alone.

    Returns:
        The session.

    Raises:
        ModelError: ONNX Runtime cannot run the file.
        ProviderError: The provider is not there, or fell back to the CPU when asked for by name.
    """
    import onnxruntime as ort

    wanted = resolve_provider(provider)
    try:
        session = ort.InferenceSession(
            data, sess_options=options or session_options(threads), providers=list(wanted)
        )
    except Exception as error:
        if len(wanted) > 1 and provider.lower() != "auto":
            raise ProviderError(provider, available_providers(), f"It failed: {error}") from error
        raise ModelError(model, f"ONNX Runtime cannot run it: {error}") from error
    running = session.get_providers()[0]
    if running != wanted[0]:
        if provider.lower() != "auto":
            raise ProviderError(
                provider,
                available_providers(),
                f"ONNX Runtime fell back to {running}; its libraries are missing or too old",
            )
        if wanted[0] not in _told:
            _told.add(wanted[0])
            _log.warning("%s did not start, running on %s", wanted[0], running)
    return session
