"""BlazeFace's output as boxes: anchors, decoding, weighted non-maximum suppression.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019
(arXiv:1907.05047); the details are those of MediaPipe's calculators `ssd_anchors_calculator`,
`tensors_to_detections_calculator` and `non_max_suppression_calculator`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def anchors(size: tuple[int, int], strides: Sequence[int], per_cell: Sequence[int]) -> Floats:
    """Centres of the anchors, in the order of the network's output.

    Args:
        size: Width and height of the network's input in pixels, multiples of every stride.
        strides: Pixels between the cells of each grid.
        per_cell: Anchors in every cell of each grid; they share the cell's centre, and BlazeFace
            has no anchor sizes.

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
    """Corners of the boxes.

    Args:
        raw: Centre relative to the anchor's, width and height, in pixels of the input, shape
            (n, 4).
        centres: The anchors' centres, shape (n, 2).

    Returns:
        Left, top, right, bottom in pixels of the input, shape (n, 4).
    """
    centre = raw[:, :2] + centres
    half = raw[:, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def suppress(boxes: Floats, scores: Floats, overlap: float) -> tuple[Floats, Floats]:
    """Weighted non-maximum suppression.

    The best box takes in every box that overlaps it; what comes out is their mean, weighted by
    score, which jitters less than the best box alone. The best box's score stands for it.

    Args:
        boxes: Left, top, right, bottom, shape (n, 4).
        scores: 0 to 1, shape (n,).
        overlap: Boxes with a greater intersection over union are the same face, 0 to 1.

    Returns:
        Boxes, shape (k, 4), and scores, shape (k,), best first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    left = np.ones(len(boxes), dtype=bool)
    merged, best = [], []
    while left.any():
        first = int(left.argmax())
        common = np.prod(
            np.clip(
                np.minimum(boxes[:, 2:], boxes[first, 2:])
                - np.maximum(boxes[:, :2], boxes[first, :2]),
                0,
                None,
            ),
            axis=1,
        )
        same = left & (common > overlap * (areas + areas[first] - common))
        same[first] = True
        merged.append(np.average(boxes[same], axis=0, weights=scores[same]))
        best.append(scores[first])
        left &= ~same
    return (
        np.array(merged, np.float32).reshape(-1, 4),
        np.array(best, np.float32),
    )
