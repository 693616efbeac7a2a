"""Compares an exported model with TensorFlow, on real pictures, alone and in a batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from export._errors import ExportError, ParityError
from fakeface import CropSpec, FaceFinder, ImageError
from fakeface.files import walk
from fakeface.inference import open_session
from fakeface.model_directory import FACE_FINDER, MODELS
from fakeface.preprocessing import preprocess

if TYPE_CHECKING:
    import onnx

Scores = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.floating[Any]]]

TENSORFLOW = 1e-4
"""Largest difference of `p_fake` allowed between ONNX and TensorFlow."""

BATCH = 1e-5
"""Largest difference of `p_fake` allowed between a picture alone and the same in a batch."""

SPREAD = 1e-6
"""Least standard deviation of `p_fake` over the crops: a constant model would agree with any model
that is broken in the same way."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Differences between an exported model and the trained one.

    Attributes:
        pictures: Number of crops compared.
        tensorflow: Largest difference of `p_fake` between ONNX and TensorFlow.
        batch: Largest difference of `p_fake` between a picture alone and in a batch.
        spread: Standard deviation of `p_fake` over the crops, at least `SPREAD`.
        reference: What the exported model was compared with.
    """

    pictures: int
    tensorflow: float
    batch: float
    spread: float
    reference: str = "TensorFlow"

    def __str__(self) -> str:
        """Sentences: what was compared, the largest difference, single against batch."""
        return (
            f"ONNX and {self.reference} were compared on {self.pictures} crops of real pictures:"
            f" p_fake differs by at most {self.tensorflow:.1e} (allowed: {TENSORFLOW:.0e}), and"
            f" between single crops and a batch by at most {self.batch:.1e} (allowed: {BATCH:.0e})."
        )


def real_crops(folder: Path, spec: CropSpec, count: int = 48) -> npt.NDArray[np.uint8]:
    """Crop real pictures to compare on: every face, every full picture, and their mirror images.

    Args:
        folder: Folder of pictures.
        spec: What the model sees.
        count: The most crops to make.

    Returns:
        RGB, uint8, shape (n, spec.size, spec.size, 3), n at most `count`.

    Raises:
        ExportError: There is no readable picture.
    """
    finder = FaceFinder(MODELS / FACE_FINDER)
    crops: list[npt.NDArray[np.uint8]] = []
    for path in walk([folder]):
        if isinstance(path, ImageError) or len(crops) >= count:
            continue
        with suppress(ImageError):
            for faces_by in (None, finder):
                for crop in preprocess(path, faces_by, spec, 0).crops:
                    crops += [crop, crop[:, ::-1]]
    if not crops:
        raise ExportError(f"{folder} holds no picture that can be read")
    return np.ascontiguousarray(np.stack(crops[:count]))


def in_onnxruntime(model: onnx.ModelProto) -> Scores:
    """Open a classifier's graph that is not on disk yet.

    Returns:
        A function from crops, uint8 [n, size, size, 3], to `p_fake`, float32 [n].
    """
    session = open_session("exported model", model.SerializeToString(), "cpu")

    def run(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        alone = session.get_inputs()[0].shape[0] == 1
        parts = [crop[np.newaxis] for crop in crops] if alone else [crops]
        return np.concatenate([session.run(["p_fake"], {"image": part})[0] for part in parts])

    return run


def check(
    trained: Scores,
    exported: Scores,
    crops: npt.NDArray[np.uint8],
    reference: str = "TensorFlow",
) -> Parity:
    """Compare an exported model with the trained one.

    Args:
        trained: `p_fake` by the trained model, of crops of shape (n, size, size, 3).
        exported: `p_fake` by the exported model, likewise.
        crops: RGB crops, uint8.
        reference: What computes the scores of the trained model, in a word.

    Returns:
        The differences, all within what is allowed.

    Raises:
        ParityError: A difference is above `TENSORFLOW` or `BATCH`, a score is not finite, or all
            scores are equal.
    """
    wanted, together = trained(crops).astype(np.float64), exported(crops)
    alone = np.concatenate([exported(crop[np.newaxis]) for crop in crops])
    if not (np.isfinite(wanted).all() and np.isfinite(together).all()):
        raise ParityError("the model gives scores that are not numbers")
    parity = Parity(
        pictures=len(crops),
        tensorflow=float(np.abs(together - wanted).max()),
        batch=float(np.abs(together - alone).max()),
        spread=float(wanted.std()),
        reference=reference,
    )
    if len(crops) > 1 and parity.spread < SPREAD:
        raise ParityError(
            f"the model gives every one of {len(crops)} crops the same score"
            f" ({wanted[0]:.4f}); nothing was written"
        )
    if parity.tensorflow > TENSORFLOW:
        raise ParityError(
            f"ONNX and {reference} differ by {parity.tensorflow:.2e} in p_fake on {len(crops)}"
            f" crops, more than the {TENSORFLOW:.0e} allowed; nothing was written"
        )
    if parity.batch > BATCH:
        raise ParityError(
            f"a picture scores differently alone and in a batch, by {parity.batch:.2e}, more than"
            f" the {BATCH:.0e} allowed; nothing was written"
        )
    return parity
