"""A model is a directory: `model.onnx`, `model.json` that describes it, `README.md` for people.

The description also stands in the ONNX file's own metadata, so that a file that went astray still
says what it is; both are checked to agree, and the file's sha256 is checked against the
description, before anything runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from fakeface._crop import CropSpec
from fakeface._delta import DELTA
from fakeface._errors import ModelError
from fakeface._model_files import (
    MAX_DESCRIPTION,
    MAX_ONNX,
    listed,
    number,
    read_file,
    read_json,
    reject_reason,
    table,
    text,
    whole,
)
from fakeface._thresholds import (
    OperatingPoint,
    Thresholds,
    read_operating_point,
    read_thresholds,
)

MODELS = Path(__file__).parent / "models"
"""Where the bundled models are."""

DEFAULT_MODEL = "edge"
"""Name of the bundled model that judges when none is named."""

FACE_FINDER = "faces"
"""Name of the bundled model that finds faces."""

METADATA_KEY = "fakeface"
"""Key of the description in the ONNX metadata (without sha256 of the file that it stands in)."""

FORMAT = 1
"""Version of the format of `model.json`."""

UNSEEN = "unseen"
"""Key of the figures on generators and photographs of origins that a model was not trained on."""

Kind = Literal["classifier", "face-finder"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What `model.json` says.

    Attributes:
        name: Name of the model, that of its directory.
        version: Version of the model, such as `1.0.0`.
        kind: `classifier` or `face-finder`.
        sha256: Of `model.onnx`, in hexadecimal.
        crop: What the model sees of a face (classifiers).
        classes: Names of class 0 and class 1 of the training data (classifiers).
        thresholds: Default thresholds between the verdicts (classifiers).
        operating_points: Other thresholds and what they were fitted for (classifiers).
        settings: What else a kind of model needs, such as the anchors of a face finder.
        provenance: What made it: recipe, data fingerprint, versions, command.
        figures: What was measured of it.
        licence: Licence notes.
        path: The directory it was read from.
    """

    name: str
    version: str
    kind: Kind
    sha256: str
    crop: CropSpec | None
    classes: tuple[str, str] | None
    thresholds: Thresholds | None
    operating_points: tuple[OperatingPoint, ...]
    settings: dict[str, Any]
    provenance: dict[str, Any]
    figures: dict[str, Any]
    licence: str
    path: Path = field(compare=False)

    @property
    def onnx(self) -> Path:
        """Path of the ONNX file."""
        return self.path / "model.onnx"

    @property
    def bundled(self) -> bool:
        """Whether it came with fakeface, whose tests have run it."""
        return self.path.is_relative_to(MODELS)

    def point_at(self, threshold: float) -> OperatingPoint | None:
        """Return the operating point of a threshold for `fake`; None if there is none."""
        points = (p for p in self.operating_points if abs(p.threshold - threshold) < 1e-9)
        return next(points, None)

    def rates(self, point: OperatingPoint) -> dict[str, Any] | None:
        """Return how many AI pictures (`tpr`) and photographs (`fpr`) are flagged at a point.

        Of origins that the model was not trained on, if that was measured (`on` says so).
        """
        for split in (UNSEEN, "test"):
            try:
                measured = self.figures[split]["operating_points"][point.name]
                rates = {key: float(measured[key]) for key in ("tpr", "fpr")}
            except (KeyError, TypeError, ValueError):
                continue
            if all(0 <= rate <= 1 for rate in rates.values()):
                return {**rates, "on": split}
        return None

    def as_dict(self) -> dict[str, Any]:
        """What stands in `model.json`, less `format`."""
        out = asdict(self) | {"operating_points": [p.as_dict() for p in self.operating_points]}
        del out["path"]
        out["sha256"] = out.pop("sha256")  # last
        return {key: value for key, value in out.items() if value not in (None, [])}

    def metadata(self) -> str:
        """What stands under `METADATA_KEY` in the ONNX file.

        That is all but the file's own hash, and figures of the split `unseen`, which may be
        measured when the file is there already.
        """
        rest = {key: value for key, value in self.as_dict().items() if key != "sha256"}
        rest["figures"] = {key: value for key, value in self.figures.items() if key != UNSEEN}
        return json.dumps({"format": FORMAT, **rest}, sort_keys=True, ensure_ascii=False)

    def write(self) -> None:
        """Write `model.json` into the model's directory."""
        described = json.dumps({"format": FORMAT, **self.as_dict()}, indent=2, ensure_ascii=False)
        (self.path / "model.json").write_text(described + "\n", encoding="utf-8")


def bundled_models() -> list[str]:
    """Names of the bundled classifiers."""
    names = []
    for path in sorted(MODELS.glob("*/model.json")):
        if read_model(path.parent).kind == "classifier" and not _is_optional(path.parent):
            names.append(path.parent.name)
    return names


def _is_optional(path: Path) -> bool:
    """Whether a directory of this package lacks the weights, which `fakeface get` fetches."""
    return path.parent == MODELS and (path / DELTA).is_file()


def find_model(model: str | os.PathLike[str] | None) -> Path:
    """Directory of a model given by the name of a bundled or a fetched one, or by its path.

    Args:
        model: Name, path, or None for the default model.

    Returns:
        The directory; what is in it is not looked at.

    Raises:
        ModelError: There is no such directory, or the model has to be fetched first.
    """
    name = DEFAULT_MODEL if model is None else os.fspath(model)
    bundled = MODELS / name
    if name not in ("", "..") and Path(name).name == name:  # `./edge` is a path
        if _is_optional(bundled):
            from fakeface._optional_models import fetched_path

            return fetched_path(name)
        if bundled.is_dir():
            return bundled
    if Path(name).is_dir():
        return Path(name)
    raise ModelError(
        str(model),
        f"is neither a directory nor a bundled model ({', '.join(bundled_models())})",
    )


def reopened(cls: Callable[..., T], info: ModelInfo, *more: Any) -> tuple[Any, ...]:
    """What pickles a model: a bundled one goes by its name, wherever fakeface is unpickled."""
    return _reopen, (cls, info.name if info.bundled else str(info.path), *more)


def _reopen(cls: Callable[..., T], model: str, *more: Any) -> T:
    return cls(find_model(model), *more)


def read_model(path: Path) -> ModelInfo:
    """Read and validate the description in the directory of a model.

    Raises:
        ModelError: It is missing, not JSON, of another format, or says what cannot be.
    """
    try:
        raw = read_json(read_file(path / "model.json", MAX_DESCRIPTION, str(path)))
        if raw.get("format") != FORMAT or isinstance(raw["format"], bool):
            raise ValueError(f"is not of format {FORMAT}; export it again with `python -m export`")
        return _described(raw, path)
    except FileNotFoundError as error:
        raise ModelError(
            str(path),
            "has no model.json; make a model directory with `python -m export RUN -o DIR`",
        ) from error
    except KeyError as error:
        raise ModelError(str(path), f"model.json lacks {error}") from error
    except (ValueError, TypeError) as error:
        raise ModelError(str(path), f"model.json: {error}") from error


def _described(raw: dict[str, Any], path: Path) -> ModelInfo:
    """Check the types and the ranges of a description (`KeyError`, `ValueError`, `TypeError`)."""
    kind = raw["kind"]
    if kind not in ("classifier", "face-finder"):
        raise ValueError(f"unknown kind {kind!r}")
    sha256 = text(raw, "sha256")
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("'sha256' must be 64 hexadecimal digits")
    classes = None
    if raw.get("classes") is not None:
        first, second = (
            text({"classes": each}, "classes") for each in listed(raw, "classes", (2, 2))
        )
        classes = (first, second)
    points = listed(raw, "operating_points", (0, 100)) if "operating_points" in raw else []
    return ModelInfo(
        name=text(raw, "name"),
        version=text(raw, "version"),
        kind=kind,
        sha256=sha256,
        crop=_crop(raw) if "crop" in raw else None,
        classes=classes,
        thresholds=read_thresholds(raw) if "thresholds" in raw else None,
        operating_points=tuple(read_operating_point(point) for point in points),
        settings=table(raw, "settings"),
        provenance=table(raw, "provenance"),
        figures=table(raw, "figures"),
        licence=text(raw, "licence", default=""),
        path=path,
    )


def _crop(raw: dict[str, Any]) -> CropSpec:
    usual = CropSpec().as_dict()
    crop = usual | table(raw, "crop", set(usual))
    return CropSpec(
        whole(crop, "size", 0, 1 << 20), number(crop, "margin", 0, 1 << 20), text(crop, "filter")
    )


def load_model(path: Path, kind: Kind) -> tuple[ModelInfo, bytes]:
    """Read a model and check that `model.onnx`, whose bytes are returned, is the one described.

    Raises:
        ModelError: A file is missing, of another kind, or its sha256 differs.
    """
    info = read_model(path)
    if info.kind != kind:
        raise ModelError(info.name, f"is a {info.kind}, not a {kind}")
    if kind == "classifier" and (info.crop is None or info.thresholds is None):
        raise ModelError(info.name, "model.json lacks 'crop' or 'thresholds'")
    try:
        data = read_file(info.onnx, MAX_ONNX, info.name)
    except FileNotFoundError as error:
        raise ModelError(info.name, "model.onnx: no such file or directory") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != info.sha256:
        raise ModelError(
            info.name,
            f"model.onnx is not the file that model.json describes (sha256 {digest[:12]}… instead"
            f" of {info.sha256[:12]}…); reinstall or export it again",
        )
    if not info.bundled and (reason := reject_reason(data)):  # those that are have been looked at
        raise ModelError(info.name, f"model.onnx {reason}")
    return info, data
