"""Describe the detector and its settings in words."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fakeface._thresholds import OperatingPoint, Thresholds
from fakeface._version import __version__
from fakeface.diagnostics._environment import versions
from fakeface.types._heatmap import FAKE_COLOUR, OPACITY, REAL_COLOUR, SPANS, Method

if TYPE_CHECKING:
    from fakeface._detector import Detector

_METHODS = {
    None: "none",
    "cam": "class activation maps, by the model itself",
    "occlusion": "occlusion: the model runs again with parts of the face hidden",
}


def about(detector: Detector | None, model: str, date: str) -> dict[str, Any]:
    """Return the description of the scan for the page.

    Args:
        detector: The detector; None if unknown.
        model: Name of the model, where it is not.
        date: When the scan began.

    Returns:
        Plain values, ready for JSON.
    """
    method: Method = (detector and detector.heatmaps) or "cam"
    out: dict[str, Any] = {
        "date": date,
        "model": model or "unknown",
        "thresholds": None,
        "fpr": None,
        "heat": {
            "span": SPANS[method],
            "opacity": OPACITY,
            "fake": FAKE_COLOUR,
            "real": REAL_COLOUR,
        },
        "facts": [
            ("Software", f"fakeface {__version__}, ONNX Runtime {versions()['onnxruntime']}"),
            ("Began", date),
        ],
    }
    if detector is None:
        return out
    info, thresholds = detector.info, detector.thresholds
    point = info.point_at(thresholds.fake)
    out["model"] = f"{info.name} {info.version}"
    out["thresholds"] = {"real": thresholds.real, "fake": thresholds.fake}
    out["fpr"] = point and point.fpr
    out["facts"] = [
        ("Model", f"{info.name} {info.version} (sha256 {info.sha256[:16]}…)"),
        ("Verdicts", _verdicts(thresholds, point)),
        ("Faces", _faces(detector)),
        ("Heat maps", _METHODS[detector.heatmaps]),
        ("Origin of files", _origin(detector)),
        ("Licence of the model", info.licence),
        ("Settings", detector.settings),
        *out["facts"],
    ]
    return out


def _verdicts(thresholds: Thresholds, point: OperatingPoint | None) -> str:
    text = f"fake from p = {thresholds.fake:.3f}, real below {thresholds.real:.3f}"
    if thresholds.real < thresholds.fake:
        text += ", uncertain between"
    if point is not None:
        text += f" (fitted for {point.fpr:.0%} false flags on {point.fitted_on})"
        text += f". Warning: {point.warning}" if point.warning else ""
    return text


def _origin(detector: Detector) -> str:
    options = detector.options
    if not options.provenance:
        return "what files say of it was not read"
    if find_spec("c2pa") is None:
        return "read from metadata; signatures were not checked, which takes the extra c2pa"
    if options.trust_list is None:
        return "read from content credentials and metadata; no trust list was given"
    return "read from content credentials and metadata; signers were checked against a trust list"


def _faces(detector: Detector) -> str:
    if detector.whole:
        return "every picture was taken as one face crop"
    return f"found by BlazeFace; not scored below {detector.min_face:g} px"
