"""Describe a scan in words, for the page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fakeface._model import ModelInfo
from fakeface._settings import Settings
from fakeface._thresholds import Thresholds
from fakeface._version import __version__
from fakeface.diagnostics._environment import versions
from fakeface.types._heatmap import FAKE_COLOUR, OPACITY, REAL_COLOUR, SPANS, Method

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.reports._results import EarlierScans

Facts = list[tuple[str, str]]

_METHODS = {
    None: "none",
    "cam": "class activation maps, by the model itself",
    "occlusion": "occlusion: the model runs again with parts of the face hidden",
}


def about(detector: Detector | None, model: str, date: str) -> dict[str, Any]:
    """Return the description of a scan for the page.

    Args:
        detector: The detector; None if unknown.
        model: Name of the model, where it is not.
        date: When the scan began.

    Returns:
        Plain values, ready for JSON.
    """
    software = ("Software", f"fakeface {__version__}, ONNX Runtime {versions()['onnxruntime']}")
    if detector is None:
        return _page(model, date, facts=[software, ("Began", date)])
    info, thresholds = detector.info, detector.thresholds
    return _page(
        _name(info),
        date,
        info,
        thresholds,
        facts=[
            ("Model", _name(info)),
            ("Verdicts", _verdicts(info, thresholds)),
            ("Faces", _faces(detector.min_face, detector.whole)),
            ("Heat maps", _METHODS[detector.heatmaps]),
            ("Origin of files", _origin(detector)),
            software,
            ("Began", date),
        ],
        details=_details(info, thresholds, detector.settings),
        method=detector.heatmaps or "cam",
        min_face=detector.min_face,
    )


def now() -> str:
    """Return the date and time as reports show them."""
    at = datetime.now().astimezone()
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname()}"


def about_earlier(
    scans: EarlierScans, settings: Settings | None, before: EarlierScans | None, date: str
) -> dict[str, Any]:
    """Return the description of earlier results for the page.

    Args:
        scans: The results.
        settings: The settings of their detector; None if unknown, or if there were several.
        before: Results that they are compared with; None if they are not.
        date: When the report is made.

    Returns:
        Plain values, ready for JSON.
    """
    name = _name(settings.model) if settings else ", ".join(sorted(scans.models))
    facts = [("Model", name)]
    info = thresholds = min_face = None
    details: Facts = [("Settings", scans.fingerprint)] if scans.fingerprint else []
    if settings is not None:
        info, thresholds, min_face = settings.model, settings.thresholds, settings.min_face
        facts.append(("Verdicts", _verdicts(info, thresholds)))
        facts.append(("Faces", _faces(min_face, settings.finder is None)))
        details = _details(info, thresholds, scans.fingerprint)
    files = [str(path) for path in scans.paths]
    facts.append(("Results", ", ".join(files)))
    if before is not None:
        facts.append(("Compared with", str(before.paths[0])))
    facts += [
        ("Heat maps", "none: results that were kept hold none"),
        ("Software", f"fakeface {__version__} made the report from results of earlier scans"),
        ("Report made", date),
    ]
    page = _page(name, date, info, thresholds, facts=facts, details=details, min_face=min_face)
    if before is not None:
        page["compared"] = {"before": str(before.paths[0]), "after": files[-1]}
    return page


def _page(
    model: str,
    date: str,
    info: ModelInfo | None = None,
    thresholds: Thresholds | None = None,
    *,
    facts: Iterable[tuple[str, str]],
    details: Iterable[tuple[str, str]] = (),
    method: Method = "cam",
    min_face: float | None = None,
) -> dict[str, Any]:
    point = info and thresholds and info.point_at(thresholds.fake)
    return {
        "date": date,
        "model": model or "unknown",
        "thresholds": thresholds and {"real": thresholds.real, "fake": thresholds.fake},
        "fpr": point and point.fpr,
        "rates": info and point and info.rates(point),
        "heat": {
            "span": SPANS[method],
            "opacity": OPACITY,
            "fake": FAKE_COLOUR,
            "real": REAL_COLOUR,
        },
        "facts": list(facts),
        "details": list(details),
        "min_face": min_face,
        "compared": None,
    }


def _name(info: ModelInfo) -> str:
    return f"{info.name} {info.version}"


def _verdicts(info: ModelInfo, thresholds: Thresholds) -> str:
    text = f"fake from a score of {thresholds.fake:.3f}, real below {thresholds.real:.3f}"
    if thresholds.real < thresholds.fake:
        text += ", uncertain between"
    point = info.point_at(thresholds.fake)
    return f"{text}. Warning: {point.warning}" if point and point.warning else text


def _details(info: ModelInfo, thresholds: Thresholds, settings: str) -> Facts:
    """What an expert may ask for, on the second level of the page."""
    point = info.point_at(thresholds.fake)
    return [
        ("SHA-256 of the model", info.sha256),
        *(
            [("Threshold", f"set to flag {point.fpr:.0%} of the photographs of {point.fitted_on}")]
            if point is not None
            else []
        ),
        ("Settings", settings),
        ("Licence of the model", info.licence),
    ]


def _origin(detector: Detector) -> str:
    if not detector.provenance:
        return "what files say of it was not read"
    if find_spec("c2pa") is None:
        return "read; signatures were not checked, which takes the extra c2pa"
    given = detector.trust_list is not None
    whose = "a trust list that was given" if given else "the C2PA's trust list"
    return f"read from content credentials and metadata; signers were checked against {whose}"


def _faces(min_face: float, whole: bool) -> str:
    if whole:
        return "every picture was taken as one face crop"
    return f"found by BlazeFace; not scored below {min_face:g} px"
