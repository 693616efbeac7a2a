"""Describe a scan in words, for the page."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

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


class _Judged(NamedTuple):
    """What is known of the detector that gave the verdicts."""

    info: ModelInfo
    thresholds: Thresholds
    min_face: float
    whole: bool
    fingerprint: str


_METHODS = {
    None: "none",
    "cam": "class activation maps, by the model itself",
    "occlusion": "occlusion: the model runs again with parts of the face hidden",
}


def about(detector: Detector | None, model: str, date: str) -> dict[str, Any]:
    """Return the description of a scan that began at `date` for the page, ready for JSON.

    `model` is the name of its model, where the detector is not known.
    """
    facts = [
        ("Software", f"fakeface {__version__}, ONNX Runtime {versions()['onnxruntime']}"),
        ("Began", date),
    ]
    if detector is None:
        return _page(model, date, None, facts)
    judged = _Judged(
        detector.info, detector.thresholds, detector.min_face, detector.whole, detector.settings
    )
    facts = [
        ("Heat maps", _METHODS[detector.heatmaps]),
        ("Origin of files", _origin(detector)),
        *facts,
    ]
    return _page("", date, judged, facts, detector.heatmaps or "cam")


def now() -> str:
    """Return the date and time as reports show them."""
    at = datetime.now().astimezone()
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname()}"


def about_earlier(
    scans: EarlierScans, settings: Settings | None, before: EarlierScans | None, date: str
) -> dict[str, Any]:
    """Return the description of earlier results for the page, ready for JSON.

    Args:
        scans: The results.
        settings: The settings of their detector; None if unknown, or if there were several.
        before: Results that they are compared with; None if they are not.
        date: When the report is made.
    """
    files = [str(path) for path in scans.paths]
    facts = [("Results", ", ".join(files))]
    if before is not None:
        facts.append(("Compared with", str(before.paths[0])))
    facts += [
        ("Heat maps", "none: results that were kept hold none"),
        ("Software", f"fakeface {__version__} made the report from results of earlier scans"),
        ("Report made", date),
    ]
    name, fingerprint = ", ".join(sorted(scans.models)), scans.fingerprint
    if settings is not None:
        info, thresholds, whole = settings.model, settings.thresholds, settings.finder is None
        judged = _Judged(info, thresholds, settings.min_face, whole, fingerprint)
        page = _page(name, date, judged, facts)
    else:
        page = _page(name, date, None, facts)
        page["details"] = [("Settings", fingerprint)] if fingerprint else []
    if before is not None:
        page["compared"] = {"before": str(before.paths[0]), "after": files[-1]}
    return page


def _page(
    model: str, date: str, judged: _Judged | None, facts: Facts, method: Method = "cam"
) -> dict[str, Any]:
    heat = {"span": SPANS[method], "opacity": OPACITY, "fake": FAKE_COLOUR, "real": REAL_COLOUR}
    heat["share"] = 1  # of a crop's side, that maps cover
    page: dict[str, Any] = {"date": date, "heat": heat, "details": [], "compared": None}
    page |= dict.fromkeys(("thresholds", "fpr", "rates", "min_face"))
    if judged is not None:
        info, thresholds = judged.info, judged.thresholds
        if method == "cam":
            heat["share"] = info.settings.get("cam_share", 1)
        model = f"{info.name} {info.version}"
        facts = [("Verdicts", _verdicts(judged)), ("Faces", _faces(judged)), *facts]
        point = info.point_at(thresholds.fake)
        page |= {
            "thresholds": {"real": thresholds.real, "fake": thresholds.fake},
            "fpr": point and point.fpr,
            "rates": point and info.rates(point),
            "details": _details(judged),
            "min_face": judged.min_face,
        }
    page["model"] = model or "unknown"
    page["facts"] = [("Model", page["model"]), *facts]
    return page


def _verdicts(judged: _Judged) -> str:
    thresholds = judged.thresholds
    text = f"fake from a score of {thresholds.fake:.3f}, real below {thresholds.real:.3f}"
    if thresholds.real < thresholds.fake:
        text += ", uncertain between"
    point = judged.info.point_at(thresholds.fake)
    return f"{text}. Warning: {point.warning}" if point and point.warning else text


def _details(judged: _Judged) -> Facts:
    """What an expert may ask for, on the second level of the page."""
    info = judged.info
    point = info.point_at(judged.thresholds.fake)
    return [
        ("SHA-256 of the model", info.sha256),
        *(
            [("Threshold", f"set to flag {point.fpr:.0%} of the photographs of {point.fitted_on}")]
            if point is not None
            else []
        ),
        ("Settings", judged.fingerprint),
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


def _faces(judged: _Judged) -> str:
    if judged.whole:
        return "every picture was taken as one face crop"
    return f"found by BlazeFace; not scored below {judged.min_face:g} px"
