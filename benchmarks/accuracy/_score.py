"""From pictures to scores, through fakeface's own decode, face finder, crop and classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy._degradations import Degradation, face_in_crop
from benchmarks.accuracy._store import Score, Store
from fakeface import Box, CropSpec, FaceFinder, ImageError
from fakeface.concurrency import bounded_map
from fakeface.images import Picture
from fakeface.inference import MIN_FACE, Classifier, default_threads
from fakeface.preprocessing import crop_picture, preprocess
from train.data import Sample
from train.fitting import row_id

BATCH = 32


@dataclass(frozen=True, slots=True)
class ModelInput:
    """Input of a model for one picture.

    Attributes:
        crops: RGB, uint8, shape (faces, size, size, 3); none where the picture is unreadable.
        box: Where the face boxes came from, as in `Score.box`.
    """

    crops: npt.NDArray[np.uint8]
    box: str


def read_input(
    sample: Sample, degradation: Degradation, finder: FaceFinder, spec: CropSpec
) -> ModelInput:
    """Preprocess a picture as fakeface does; without a face, fall back to another box.

    If all faces are too small, the largest is scored; without a face the box of the manifest, and
    without that the full picture: every picture gets a score, and the number of each is reported.

    Args:
        sample: The picture.
        degradation: Applied to it first.
        finder: Finds the faces.
        spec: How faces are cropped.

    Returns:
        The crops, masked where the degradation masks.
    """
    try:
        data = degradation.apply(sample.path.read_bytes())
        prepared = preprocess(data, finder, spec, MIN_FACE)
        boxes = [f.box for f, large in zip(prepared.faces, prepared.scored, strict=True) if large]
        crops, how = prepared.crops, "finder"
        if not boxes:
            box, how = _next_best(sample, degradation, [found.box for found in prepared.faces])
            crops = crop_picture(Picture(data), box, spec)[np.newaxis]
            boxes = [box or Box(0, 0, *prepared.size)]
    except (ImageError, OSError):
        return ModelInput(np.empty((0, spec.size, spec.size, 3), np.uint8), "unreadable")
    if degradation.mask is not None:
        places = [face_in_crop(box, prepared.size, spec) for box in boxes]
        crops = np.stack(
            [degradation.mask(c, place) for c, place in zip(crops, places, strict=True)]
        )
    return ModelInput(crops, how)


def _next_best(
    sample: Sample, degradation: Degradation, small: Sequence[Box]
) -> tuple[Box | None, str]:
    if small:
        return small[0], "small"
    if sample.box is not None:
        return sample.box.scaled(degradation.scale), "manifest"
    return None, "whole"


def score(
    classifiers: Sequence[Classifier],
    stores: Sequence[Store],
    samples: Sequence[Sample],
    degradation: Degradation,
    finder: FaceFinder,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Score the pictures that the stores lack.

    Pictures are preprocessed in threads, once for all models that crop them alike.

    Args:
        classifiers: The models; all of one `CropSpec`.
        stores: Their scores under this degradation, in the same order.
        samples: The pictures.
        degradation: Applied to them first.
        finder: Finds the faces.
        advance: Called with the number of pictures done.
    """
    (spec,) = {classifier.crop for classifier in classifiers}
    missing = {row_id(s): s for s in samples if any(s not in store for store in stores)}
    advance(len(samples) - len(missing))

    def read(sample: Sample) -> tuple[Sample, ModelInput]:
        return sample, read_input(sample, degradation, finder, spec)

    inputs = bounded_map(read, missing.values(), workers=default_threads(), limit=2 * BATCH)
    while batch := list(islice(inputs, BATCH)):
        for classifier, store in zip(classifiers, stores, strict=True):
            lacking = [(s, seen) for s, seen in batch if s not in store]
            store.add(_classify(classifier, lacking))
        advance(len(batch))


def _classify(
    classifier: Classifier, batch: Sequence[tuple[Sample, ModelInput]]
) -> Iterator[tuple[Sample, Score]]:
    size = classifier.crop.size
    crops = np.concatenate([np.empty((0, size, size, 3), np.uint8), *(s.crops for _, s in batch)])
    p_fake = np.concatenate(
        [classifier.predict(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)]
        or [np.empty(0, np.float32)]
    )
    at = 0
    for sample, seen in batch:
        faces = len(seen.crops)
        worst = float(p_fake[at : at + faces].max()) if faces else None
        yield sample, Score(worst, seen.box, faces)
        at += faces
