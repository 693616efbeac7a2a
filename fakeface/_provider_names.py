"""Execution providers of ONNX Runtime by short name: which are here, and what brings the others."""

from __future__ import annotations

from collections.abc import Sequence

from fakeface._errors import ProviderError

AUTO = ("cuda", "dml")
"""What `auto` tries before the CPU: providers for GPUs, of packages that nobody installs without
wanting them. CoreML, which every ONNX Runtime on macOS has, and OpenVINO run when named: whether
they are faster than the CPU provider depends on the machine. On one core of an AMD EPYC OpenVINO
(onnxruntime-openvino 1.24.1) took 1.2 times as much CPU time as the CPU provider for `edge`
8.0.0."""

ELSEWHERE = ("azure",)
"""Providers that are left out: they call models that run elsewhere. With one that runs here, all of
it would be left to the CPU, and nothing would say so."""

ALIASES = {"directml": "dml", "gpu": "cuda"}
"""Other names of providers."""


def only(wanted: str, others: Sequence[str] = ("onnxruntime",)) -> str:
    """The command that leaves one ONNX Runtime where several are installed.

    They share a folder, so what stays has to be unpacked again once the others are gone.
    """
    remove = f"pip uninstall -y {' '.join(others)}"
    return f"{remove} && pip install --force-reinstall --no-deps {wanted}"


INSTALL = {
    "cuda": f"For CUDA: pip install 'onnxruntime-gpu[cuda,cudnn]' && {only('onnxruntime-gpu')}",
    "openvino": "For OpenVINO: pip uninstall -y onnxruntime && pip install onnxruntime-openvino",
    "dml": "For DirectML, on Windows: pip uninstall -y onnxruntime && pip install"
    " onnxruntime-directml",
    "coreml": "CoreML comes with onnxruntime on macOS only",
}
"""What brings a provider, by short name."""


def short_name(name: str) -> str:
    """Short name of a provider, given by short, other or full name in any case."""
    short = name.strip().lower().removesuffix("executionprovider")
    return ALIASES.get(short, short)


def available_providers() -> tuple[str, ...]:
    """Short names of the providers of this ONNX Runtime, such as `cpu`, `cuda`, `coreml`."""
    return tuple(_full_names())


def _full_names() -> dict[str, str]:
    """Names of the providers of this ONNX Runtime as it spells them, by short name."""
    import onnxruntime as ort

    full = {short_name(name): name for name in ort.get_available_providers()}
    return {short: name for short, name in full.items() if short not in ELSEWHERE}


def resolve_provider(requested: str) -> tuple[str, ...]:
    """Full names of the providers to try for `auto`, or a name in any form, in order.

    Returns:
        Names as ONNX Runtime spells them, the CPU last.

    Raises:
        ProviderError: There is no such provider here.
    """
    full = _full_names()
    cpu = full.get("cpu", "CPUExecutionProvider")
    name = short_name(requested)
    if name == "auto":
        return (*(full[name] for name in AUTO if name in full), cpu)
    if name not in full:
        raise ProviderError(requested, ("auto", *full), INSTALL.get(name, ""))
    return (full[name],) if full[name] == cpu else (full[name], cpu)
