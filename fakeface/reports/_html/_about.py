"""Describe a scan in words, for the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class EarlierResults:
    """What is known of earlier results that a report is made from.

    Attributes:
        files: The files of results.
        model: Names of their models.
        settings: The settings of the detector; None if unknown, or if there were several.
        fingerprint: Their fingerprint; empty if there were several.
        before: Description of the results that they are compared with; None if they are not.
    """

    files: tuple[str, ...]
    model: str
    settings: Settings | None
    fingerprint: str
    before: str | None = None

    @property
    def name(self) -> str:
        """Name of the model, with its version where that is known."""
        return _name(self.settings.model) if self.settings else self.model

    def about(self, date: str) -> dict[str, Any]:
        """Return the description for the page.

        Args:
            date: When the report is made.

        Returns:
            Plain values, ready for JSON.
        """
        facts = [("Model", self.name)]
        info = thresholds = None
        details: Facts = []
        if self.settings is not None:
            info, thresholds = self.settings.model, self.settings.thresholds
            facts += [
                ("Verdicts", _verdicts(info, thresholds)),
                ("Faces", _faces(self.settings.min_face, self.settings.finder is None)),
            ]
            details = _details(info, thresholds, self.fingerprint)
        elif self.fingerprint:
            details = [("Settings", self.fingerprint)]
        facts += [
            ("Results", ", ".join(self.files)),
            *([("Compared with", self.before)] if self.before else []),
            ("Heat maps", "none: results that were kept hold none"),
            ("Software", f"fakeface {__version__} made the report from results of earlier scans"),
            ("Report made", date),
        ]
        min_face = None if self.settings is None else self.settings.min_face
        page = _page(
            self.name, date, info, thresholds, facts=facts, details=details, min_face=min_face
        )
        page["compared"] = self.before and {"before": self.before, "after": self.files[-1]}
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
