"""Golden scores: predictions recorded at export that every installation must reproduce.

`golden.json`, next to `model.onnx`, holds the predictions for the bundled pictures, made on the
CPU. Scores elsewhere may differ by rounding, within the tolerance that the file records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fakeface._errors import ModelError
from fakeface._model_files import MAX_DESCRIPTION, read_file, read_json
from fakeface._provider_names import short_name
from fakeface.types import Box, Prediction

if TYPE_CHECKING:
    from fakeface._detector import Detector

GOLDEN = "golden.json"
"""Name of the file in a model's directory."""

PICTURES = Path(__file__).parent.parent / "pictures"
"""The bundled pictures that every model is checked on."""

FORMAT = 1
"""Version of the format of the file."""

Precision = Literal["fp32", "int8"]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Largest allowed differences from golden scores.

    Attributes:
        cpu: Largest difference of `p_fake` on the CPU provider, where only versions and the
            order of sums differ.
        other: Largest difference of `p_fake` on other providers, some of which compute in 16
            bits.
        box: Largest difference of a side of a face box, as a share of the box's longer side.
    """

    cpu: float
    other: float
    box: float

    def p_fake(self, provider: str) -> float:
        """Return the largest difference of `p_fake` on a provider, given by its short name."""
        return self.cpu if provider == "cpu" else self.other


TOLERANCES: dict[Precision, Tolerance] = {
    "fp32": Tolerance(cpu=0.03, other=0.05, box=0.02),
    "int8": Tolerance(cpu=0.05, other=0.05, box=0.02),
}
"""Tolerance of models by their precision.

ONNX Runtime 1.18 and 1.32, and OpenVINO, agreed to 1e-6 on the same crops; Pillow 13 resizes some
crops differently from Pillow 12, which moved a `p_fake` of the fp32 model by .019."""


@dataclass(frozen=True, slots=True)
class Golden:
    """The golden scores of a model.

    Attributes:
        precision: Precision of the model.
        tolerance: Largest allowed differences.
        predictions: The predictions; `source` is the path of the picture below its folder, with
            slashes.
        made_with: Versions and CPU where it was made.
    """

    precision: Precision
    tolerance: Tolerance
    predictions: tuple[Prediction, ...]
    made_with: dict[str, Any]

    @classmethod
    def read(cls, file: Path, model: str) -> Golden:
        """Read a file of golden scores.

        Raises:
            ModelError: It is missing, or is not such a file.
        """
        try:
            raw = read_json(read_file(file, MAX_DESCRIPTION, model))
            if raw["format"] != FORMAT:
                raise ValueError(f"is not of format {FORMAT}")
            if raw["precision"] not in TOLERANCES:
                raise ValueError(f"unknown precision {raw['precision']!r}")
            return cls(
                raw["precision"],
                Tolerance(**raw["tolerance"]),
                tuple(Prediction.from_dict(record) for record in raw["predictions"]),
                raw["made_with"],
            )
        except FileNotFoundError as error:
            raise ModelError(
                model, f"has no {file.name}, so its scores cannot be checked"
            ) from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise ModelError(model, f"{file.name}: {error!r}") from error

    def write(self, file: Path) -> None:
        """Write the file."""
        content = {
            "format": FORMAT,
            "precision": self.precision,
            "tolerance": asdict(self.tolerance),
            "made_with": self.made_with,
            "predictions": [prediction.as_dict() for prediction in self.predictions],
        }
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Predictions compared with golden ones.

    Attributes:
        pictures: Number of pictures compared.
        p_fake: Largest difference of a `p_fake`, 0 to 1; 0 if there was none to compare.
        box: Largest difference of a side of a face box, as a share of its longer side.
        wrong: Differences beyond the tolerance, one line each.
    """

    pictures: int
    p_fake: float
    box: float
    wrong: tuple[str, ...]


def predict_pictures(
    detector: Detector, folder: Path, names: Iterable[str]
) -> tuple[Prediction, ...]:
    """Classify pictures of a folder one by one; `source` is the path below it, with slashes.

    Raises:
        ImageError: A picture cannot be read.
    """
    return tuple(replace(detector.predict(folder / name), source=name) for name in names)


def reproduce(golden: Golden, detector: Detector) -> Comparison:
    """Classify the bundled pictures, and compare with the golden scores."""
    names = [prediction.source for prediction in golden.predictions]
    provider = short_name(detector.classifier.session.get_providers()[0])
    found = predict_pictures(detector, PICTURES, names)
    return compare(golden, found, provider, detector.settings)


def compare(
    golden: Golden, predictions: Sequence[Prediction], provider: str, settings: str | None
) -> Comparison:
    """Compare predictions with golden ones.

    Args:
        golden: The golden scores.
        predictions: Predictions for the same pictures in the same order.
        provider: Short name of the provider that they were made on.
        settings: `Detector.settings`; golden scores with other settings are stale, which counts as
            a difference. None to compare them nevertheless.

    Returns:
        The differences.
    """
    most, box, wrong = 0.0, 0.0, list[str]()
    if settings is not None and {p.settings for p in golden.predictions} != {settings}:
        wrong.append("the golden scores are those of another version of the models")
    for wanted, given in zip(golden.predictions, predictions, strict=True):
        if given.digest != wanted.digest:
            wrong.append(f"{wanted.source}: is not the picture that was scored")
            continue
        if len(given.faces) != len(wanted.faces):
            wrong.append(f"{wanted.source}: {len(given.faces)} faces, not {len(wanted.faces)}")
            continue
        for number, (one, other) in enumerate(zip(wanted.faces, given.faces, strict=True), 1):
            name = f"{wanted.source}, face {number}"
            moved = _moved(one.box, other.box)
            box = max(box, moved)
            if moved > golden.tolerance.box:
                wrong.append(f"{name}: its box differs by {moved:.1%} of its side")
            if one.p_fake is None or other.p_fake is None:
                if one.p_fake is not other.p_fake:
                    wrong.append(f"{name}: p_fake {other.p_fake}, not {one.p_fake}")
                continue
            apart = abs(one.p_fake - other.p_fake)
            most = max(most, apart)
            if not apart <= golden.tolerance.p_fake(provider):  # NaN is wrong too
                wrong.append(f"{name}: p_fake {other.p_fake:.4f}, not {one.p_fake:.4f}")
    return Comparison(len(predictions), most, box, tuple(wrong))


def _moved(one: Box, other: Box) -> float:
    sides = (
        (one.x, other.x),
        (one.y, other.y),
        (one.x + one.width, other.x + other.width),
        (one.y + one.height, other.y + other.height),
    )
    return max(abs(a - b) for a, b in sides) / one.side
