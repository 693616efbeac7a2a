"""Where a model runs: sessions on execution providers, and the options that they start with."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface._errors import ModelError, ProviderError
from fakeface._model import METADATA_KEY, Kind, ModelInfo, load_model
from fakeface._model_files import same_description
from fakeface._processors import MAX_THREADS, default_threads
from fakeface._provider_names import available_providers, resolve_provider, short_name
from fakeface._sessions import ReopenedSession

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnxruntime as ort

_log = logging.getLogger("fakeface")
_told: set[str] = set()


def telemetry_is_off() -> bool:
    """Whether ONNX Runtime was told to report nothing (`ORT_DISABLE_TELEMETRY`)."""
    return os.environ.get("ORT_DISABLE_TELEMETRY", "").strip().lower() in ("1", "true", "yes", "on")


def default_batch(provider: str) -> int:
    """Faces that a model sees at once: 1 on the CPU, 4 with OpenVINO, 8 elsewhere.

    On one thread of an AMD EPYC a face among 2, 4, 8 took 1.04, 1.20, 1.37 times the CPU time of
    one alone with `edge` 8.0.0 (feature maps outgrow the caches). With OpenVINO it took .96, .99,
    1.17 times, and .85, .77, .76 times with the same model in int8.
    """
    return {"cpu": 1, "openvino": 4}.get(short_name(provider), 8)


def session_options(threads: int | None = None) -> ort.SessionOptions:
    """Options that suit a machine that has other work too, and every provider.

    - Threads do not spin while they wait: on a busy or shared machine spinning makes every run
      slower (`allow_spinning=0` was 1.5 times as fast with one core busy).
    - The memory arena stays on: without it a batch of 8 took 1.4 times as much CPU time.
    - int8 is exact without VNNI too (`x64quantprecision`): the faster kernel there saturates, and
      scores were off by up to 0.2.
    - Memory patterns are off: batches come in all sizes, and each size would keep a plan and its
      memory, for no gain in time (a batch of 8 peaked 15 MB lower). DirectML demands it, as it
      demands that operators run one after the other.

    Args:
        threads: Threads inside an operator; None for one per processor.

    Returns:
        Session options of ONNX Runtime.

    Raises:
        ValueError: `threads` is below 1.
    """
    import onnxruntime as ort

    if threads is not None and not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads must be 1 to {MAX_THREADS}, got {threads}")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3
    return options


def provider_options(provider: str, threads: int) -> dict[str, str]:
    """Options of a provider where its own defaults do not suit.

    - CUDA: no TF32, so that scores are those of the CPU; convolution algorithms by rule and not
      by trying all of them out, which it would do anew for every size of batch; memory as it is
      needed and not doubled.
    - OpenVINO: the CPU, and as many threads as were asked for; its default is 8.
    """
    presets = {
        "cuda": {
            "use_tf32": "0",
            "cudnn_conv_algo_search": "HEURISTIC",
            "arena_extend_strategy": "kSameAsRequested",
        },
        "openvino": {"device_type": "CPU", "num_of_threads": str(threads)},
    }
    return presets.get(short_name(provider), {})


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
    wanted = resolve_provider(provider)
    auto = short_name(provider) == "auto"
    options = options or session_options(threads)
    try:
        session = _open(data, wanted, options)
    except Exception as error:
        if len(wanted) == 1:
            raise ModelError(model, f"ONNX Runtime cannot run it: {error}") from error
        if not auto:
            raise ProviderError(provider, available_providers(), f"It failed: {error}") from error
        _log.debug("%s failed: %s", wanted[0], error)
        session = open_session(model, data, "cpu", threads, options)
    running = session.get_providers()[0]
    if running != wanted[0]:
        if not auto:
            raise ProviderError(
                provider,
                available_providers(),
                f"ONNX Runtime fell back to {running}; libraries that it needs are missing or too"
                " old, or there is no such device",
            )
        if wanted[0] not in _told:
            _told.add(wanted[0])
            _log.warning(
                "%s did not start, running on %s; `fakeface doctor --provider %s` says more",
                wanted[0],
                running,
                short_name(wanted[0]),
            )
    return session


def open_model(
    path: Path,
    kind: Kind,
    provider: str,
    threads: int | None = None,
    options: ort.SessionOptions | None = None,
) -> tuple[ModelInfo, ReopenedSession]:
    """Load a model and open its session, anew in every forked process.

    Raises:
        ModelError: The directory is not such a model, or ONNX Runtime cannot run it; in a forked
            process also where it has changed meanwhile.
        ProviderError: As for `open_session`.
    """
    first: list[ModelInfo] = []

    def open_() -> ort.InferenceSession:
        info, data = load_model(path, kind)
        if first and info != first[0]:
            raise ModelError(info.name, "has changed since this process was forked")
        first[:] = [info]
        return open_session(info.name, data, provider, threads, options)

    session = ReopenedSession(open_)
    (info,) = first
    embedded = session.get().get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if not same_description(embedded, info.metadata()):
        raise ModelError(info.name, "model.json and the metadata inside model.onnx do not agree")
    return info, session


def run_session(
    model: str, session: ort.InferenceSession, outputs: list[str], image: npt.NDArray[np.uint8]
) -> list[npt.NDArray[np.float32]]:
    """Run a model; what it gives is still to be checked.

    Raises:
        ModelError: It failed.
    """
    try:
        given: list[npt.NDArray[np.float32]] = session.run(outputs, {"image": image})
    except MemoryError:
        raise
    except Exception as error:  # ONNX Runtime and providers have errors of their own
        raise ModelError(model, f"failed: {' '.join(str(error).split())[:300]}") from error
    return given


def _open(
    data: bytes, providers: tuple[str, ...], options: ort.SessionOptions
) -> ort.InferenceSession:
    import onnxruntime as ort

    if telemetry_is_off() and hasattr(ort, "disable_telemetry_events"):
        ort.disable_telemetry_events()  # on Windows, and where it was imported before fakeface
    if "CUDAExecutionProvider" in providers and hasattr(ort, "preload_dlls"):
        # Loads CUDA and cuDNN from their Python packages, where no linker looks for them; it
        # prints what it does not find, and standard output is for results.
        with contextlib.redirect_stdout(io.StringIO()) as said:
            ort.preload_dlls()
        _log.debug("%s", said.getvalue())
    threads = options.intra_op_num_threads or default_threads()
    session = ort.InferenceSession(
        data,
        sess_options=options,
        providers=[(name, provider_options(name, threads)) for name in providers],
        enable_fallback=0,  # an error, not a message on standard output and another provider
    )
    # It would keep the bytes, 8 MB for `edge`, to open the model again on other providers.
    session._model_bytes = None
    return session
