"""From pictures to scores, through fakeface's own decode, face finder, crop and classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy._degradations import Degradation, face_in_crop
from benchmarks.accuracy._store import Score, Store
from fakeface import Box, CropSpec, FaceFinder, ImageError
from fakeface.images import Picture
from fakeface.inference import MIN_FACE, Classifier
from fakeface.preprocessing import crop_picture, preprocess
from train.data import Sample
from train.fitting import row_id
from train.progress import in_threads

BATCH = 32

Input = tuple[npt.NDArray[np.uint8], str]
"""Crops, RGB, uint8, shape (faces, size, size, 3), none where the picture is unreadable; and where
the face boxes came from, as in `Score.box`."""


def read_input(
    sample: Sample, degradation: Degradation, finder: FaceFinder, spec: CropSpec
) -> Input:
    """Preprocess a picture as fakeface does; without a face, fall back to another box.

    If all faces are too small, the largest is scored; without a face the box of the manifest, and
    without that the full picture: every picture gets a score, and the number of each is reported.

    Args:
        sample: The picture.
        degradation: Applied to it first.
        finder: Finds the faces.
        spec: How faces are cropped.

    Returns:
        The crops, masked where the degradation masks, and where their boxes came from.
    """
    try:
        data = degradation.apply(sample.path.read_bytes())
        prepared = preprocess(data, finder, spec, MIN_FACE)
        boxes = [f.box for f, large in zip(prepared.faces, prepared.scored, strict=True) if large]
        crops, how = prepared.crops, "finder"
        if not boxes:
            box: Box | None = None
            how = "whole"
            if prepared.faces:
                box, how = prepared.faces[0].box, "small"
            elif sample.box is not None:
                box, how = sample.box.scaled(degradation.scale), "manifest"
            crops = crop_picture(Picture(data), box, spec)[np.newaxis]
            boxes = [box or Box(0, 0, *prepared.size)]
    except (ImageError, OSError):
        return np.empty((0, spec.size, spec.size, 3), np.uint8), "unreadable"
    if degradation.mask is not None:
        places = [face_in_crop(box, prepared.size, spec) for box in boxes]
        crops = np.stack(
            [degradation.mask(c, place) for c, place in zip(crops, places, strict=True)]
        )
    return crops, how


def score(
    models: Sequence[tuple[Classifier, Store]],
    samples: Sequence[Sample],
    degradation: Degradation,
    finder: FaceFinder,
) -> None:
    """Score the pictures that the stores lack.

    Pictures are preprocessed in threads, once for all models that crop them alike.

    Args:
        models: The models, all of one `CropSpec`, and their scores under this degradation.
        samples: The pictures.
        degradation: Applied to them first.
        finder: Finds the faces.
    """
    (spec,) = {classifier.crop for classifier, _ in models}
    missing = {row_id(s): s for s in samples if any(s not in store for _, store in models)}
    what = f"{degradation.name}: {', '.join(classifier.info.name for classifier, _ in models)}"

    def read(sample: Sample) -> Input:
        return read_input(sample, degradation, finder, spec)

    inputs = iter(in_threads(read, list(missing.values()), what))
    while batch := list(islice(inputs, BATCH)):
        for classifier, store in models:
            store.add(_classify(classifier, [(s, seen) for s, seen in batch if s not in store]))


def _classify(
    classifier: Classifier, batch: Sequence[tuple[Sample, Input]]
) -> Iterator[tuple[Sample, Score]]:
    size = classifier.crop.size
    every = [np.empty((0, size, size, 3), np.uint8), *(crops for _, (crops, _) in batch)]
    crops = np.concatenate(every)
    p_fake = np.concatenate(
        [classifier.predict(crops[i : i + BATCH]) for i in range(0, len(crops), BATCH)]
        or [np.empty(0, np.float32)]
    )
    at = 0
    for sample, (mine, how) in batch:
        worst = float(p_fake[at : at + len(mine)].max()) if len(mine) else None
        yield sample, Score(worst, how, len(mine))
        at += len(mine)
