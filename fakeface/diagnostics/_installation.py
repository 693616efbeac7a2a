"""Check what is installed, and say how to fix problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from importlib.metadata import distributions
from importlib.util import find_spec

from fakeface._provider_names import only
from fakeface._providers import telemetry_is_off

RUNTIME = "onnxruntime"
"""Name of ONNX Runtime's package, whichever distribution it comes from."""


class State(str, Enum):
    """How serious a finding is: `note` is worth knowing, `problem` wants something done."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        about: What was checked, in a word.
        state: How serious it is.
        says: What was found, in one line.
        remedy: What to do about it; empty where there is nothing to do.
    """

    about: str
    state: State
    says: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"state": self.state.value}


def runtimes() -> dict[str, str]:
    """Return the versions of installed distributions that contain ONNX Runtime, by name."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
        if name.startswith(RUNTIME) and any(
            file.parts[0] == RUNTIME for file in distribution.files or ()
        ):
            found.setdefault(name, distribution.version)
    return dict(sorted(found.items()))


def runtime_finding() -> tuple[Finding, bool]:
    """Check ONNX Runtime.

    Returns:
        Whether several shadow each other, as a finding; and whether it can be used at all.
    """
    found = runtimes()
    names = " and ".join(f"{name} {version}" for name, version in found.items())
    wanted = next((name for name in found if name != RUNTIME), RUNTIME)
    try:
        import onnxruntime

        onnxruntime.get_available_providers()
        onnxruntime.InferenceSession  # noqa: B018  a package half removed has no names
    except (ImportError, AttributeError) as error:
        says = f"ONNX Runtime ({names or 'not installed'}) cannot be used: {error}"
        remedy = f"pip install --force-reinstall --no-deps {wanted}"
        return Finding(RUNTIME, State.PROBLEM, says, remedy), False
    if len(found) > 1:
        running = getattr(onnxruntime, "package_name", "") or RUNTIME
        says = (
            f"{names} are installed, into the same folder: the one unpacked last,"
            f" {running} {onnxruntime.__version__}, shadows the rest"
        )
        remedy = only(wanted, sorted(set(found) - {wanted}))
        return Finding(RUNTIME, State.PROBLEM, says, remedy), True
    says = f"{names or onnxruntime.__version__} is the only one"
    return Finding(RUNTIME, State.OK, says), True


def telemetry_finding() -> Finding:
    """Say whether ONNX Runtime reports its use to its makers."""
    if telemetry_is_off():
        says = "that of ONNX Runtime is off (ORT_DISABLE_TELEMETRY): nothing leaves this machine"
        return Finding("telemetry", State.OK, says)
    says = "that of ONNX Runtime was switched on: it reports its use, though no pictures"
    return Finding("telemetry", State.NOTE, says, "unset ORT_DISABLE_TELEMETRY")


def _has(feature: str) -> bool:
    if feature in ("pillow_heif", "c2pa"):
        return find_spec(feature) is not None
    from PIL import features

    known = {*features.modules, *features.codecs, *features.features}
    return feature in known and bool(features.check(feature))


def picture_findings(has: Callable[[str], bool] = _has) -> Iterator[Finding]:
    """Check whether the usual formats can be read, and as fast as they should.

    Args:
        has: Whether there is a feature of Pillow, given by Pillow's name for it, or a package.

    Yields:
        Findings, the formats that can be read first.
    """
    about = "pictures"
    names = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF", "pillow_heif": "HEIC"}
    readable = [name for feature, name in names.items() if has(feature)]
    yield Finding(about, State.OK, f"{', '.join(readable)} can be read")
    again = "pip install --force-reinstall pillow, as a wheel from PyPI"
    for feature in ("jpg", "zlib", "webp"):
        if not has(feature):
            says = f"{names[feature]} cannot be read: this Pillow was built without it"
            yield Finding(about, State.PROBLEM, says, again)
    if has("jpg") and not has("libjpeg_turbo"):
        says = "JPEG is decoded slowly: this Pillow was built without libjpeg-turbo"
        yield Finding(about, State.NOTE, says, again)
    if not has("avif"):
        says = "AVIF cannot be read: Pillow can from 11.3 on"
        yield Finding(about, State.NOTE, says, "pip install --upgrade pillow")
    if not has("pillow_heif"):
        says = "HEIC cannot be read: that takes the extra heif"
        yield Finding(about, State.NOTE, says, "pip install pillow-heif")
    if not has("c2pa"):
        says = "signatures of content credentials are not checked: that takes the extra c2pa"
        yield Finding(about, State.NOTE, says, "pip install c2pa-python")
