"""From the output of BlazeFace for its anchors to boxes of faces.

Anchors, decoding and weighted non-maximum suppression are those of MediaPipe's calculators
`ssd_anchors_calculator`, `tensors_to_detections_calculator` and `non_max_suppression_calculator`.

Boxes are arrays of left, top, right, bottom. All of this runs after a network has flushed the CPU
caches, when each NumPy call costs several times what it does in a loop: fewer calls matter more
than fewer numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NO_BOXES: tuple[Floats, Floats] = (np.empty((0, 4), np.float32), np.empty(0, np.float32))
"""No boxes, and no scores."""

HALF = np.float32(0.5)
TINY = np.float32(1e-30)


def anchors(size: tuple[int, int], strides: Sequence[int], per_cell: Sequence[int]) -> Floats:
    """Return the centres of the anchors, in the order of the network's output.

    Args:
        size: Width and height of the network's input in pixels, multiples of every stride.
        strides: Pixels between the cells of each grid.
        per_cell: Anchors in every cell of each grid; they share the cell's centre, and
            BlazeFace's anchors have no sizes.

    Returns:
        x and y in pixels of the input, shape (anchors, 2).
    """
    grids = []
    for stride, count in zip(strides, per_cell, strict=True):
        x = (np.arange(size[0] // stride, dtype=np.float32) + 0.5) * stride
        y = (np.arange(size[1] // stride, dtype=np.float32) + 0.5) * stride
        grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        grids.append(grid.repeat(count, axis=0))
    return np.concatenate(grids)


def decode(raw: Floats, centres: Floats) -> Floats:
    """Decode boxes relative to their anchors.

    Args:
        raw: Centre relative to the anchor's, width and height, in pixels of the input, shape
            (n, 4).
        centres: The anchors' centres, shape (n, 2).

    Returns:
        Boxes in pixels of the input, shape (n, 4).
    """
    return _corners(raw[:, :2] + centres, raw[:, 2:] * HALF)


def _corners(centre: Floats, half: Floats) -> Floats:
    """Return boxes, shape (n, 4), from centres and half the sides, both of shape (n, 2)."""
    boxes = np.empty((len(centre), 4), np.float32)
    np.subtract(centre, half, out=boxes[:, :2])
    np.add(centre, half, out=boxes[:, 2:])
    return boxes


def suppress(boxes: Floats, scores: Floats, overlap: float) -> tuple[Floats, Floats]:
    """Weighted non-maximum suppression.

    The best box absorbs every box that overlaps it. The result is their mean weighted by score,
    which jitters less than the best box alone, with the score of the best box.

    Args:
        boxes: Shape (n, 4).
        scores: 0 to 1, shape (n,).
        overlap: Boxes with a greater intersection over union are the same face, 0 to 1.

    Returns:
        Boxes, shape (k, 4), and scores, shape (k,), best first.
    """
    if not len(scores):
        return NO_BOXES
    order = (-scores).argsort(kind="stable")
    boxes, scores = boxes[order], scores[order]
    merged, best = [], []
    while len(scores) > 1:
        same = overlaps(boxes, boxes[0]) > overlap
        same[0] = True
        if same.all():
            break
        merged.append(_mean(boxes[same], scores[same]))
        best.append(scores[:1])
        others = ~same
        boxes, scores = boxes[others], scores[others]
    if not best:  # one face, as on most pictures
        return _mean(boxes, scores), scores[:1]
    return (
        np.concatenate([*merged, _mean(boxes, scores)]),
        np.concatenate([*best, scores[:1]]),
    )


def _mean(boxes: Floats, weights: Floats) -> Floats:
    """Return the weighted mean, shape (1, 4), of boxes, shape (n, 4), n at least 1."""
    mean: Floats = np.add.reduce(boxes * weights[:, np.newaxis], axis=0, keepdims=True)
    mean /= np.add.reduce(weights)
    return mean


def overlaps(boxes: Floats, box: Floats) -> Floats:
    """Return the intersection over union of boxes, shape (n, 4), with one box: shape (n,)."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    np.maximum(sides, 0, out=sides)
    common = sides[:, 0] * sides[:, 1]
    extents = boxes[:, 2:] - boxes[:, :2]
    area = (box[2] - box[0]) * (box[3] - box[1])
    union = extents[:, 0] * extents[:, 1] + area - common
    iou: Floats = common / np.maximum(union, TINY)
    return iou


def calibrate(boxes: Floats, shift: tuple[float, float], scale: tuple[float, float]) -> Floats:
    """Convert a network's own boxes to boxes of full faces.

    BlazeFace's boxes are squares from the eyebrows to the chin, slightly different for each
    network; calibrated boxes span forehead to chin and cheek to cheek, whatever the network.

    Args:
        boxes: Shape (n, 4).
        shift: See `Settings`.
        scale: See `Settings`.

    Returns:
        Boxes, shape (n, 4).
    """
    starts, ends = boxes[:, :2], boxes[:, 2:]
    sides = ends - starts
    centre = (starts + ends) * HALF + sides * _row(shift)
    return _corners(centre, sides * _row(scale) * HALF)


@lru_cache(maxsize=16)
def _row(values: tuple[float, ...]) -> Floats:
    return np.array(values, np.float32)
