"""A figure that explains a verdict: the picture, its faces, heat maps and a legend."""

from __future__ import annotations

import numpy as np
from PIL import Image

from fakeface._text import printable
from fakeface._thresholds import Thresholds
from fakeface.explain._canvas import INK, LINE, SCALE, SOFT, WHITE, Canvas, Colour, fitted, length
from fakeface.types import Face, Prediction
from fakeface.types._heatmap import Method, blend

_WIDTH = 1200
_MARGIN = 40
_GAP = 24
_TOP = 164
_TALLEST = 620
_TILE = 174
_TILES = 3
_MOST_STATEMENTS = 6
_INSIDE = _WIDTH - 2 * _MARGIN

_COLOURS: dict[str, Colour] = {
    "fake": (201, 79, 0),
    "uncertain": (176, 128, 0),
    "real": (31, 95, 153),
    "too_small": SOFT,
    "no_face": SOFT,
}
_LABELS = {"too_small": "too small to score", "no_face": "no face found"}
_METHODS: dict[Method, str] = {
    "cam": "Class activation map: what each area adds to the model’s score.",
    "occlusion": "Occlusion: by how much the model’s score falls when an area is hidden.",
}


def figure(
    image: Image.Image, prediction: Prediction, thresholds: Thresholds, model: str
) -> Image.Image:
    """Draw the figure for an upright RGB picture, at any scale.

    Returns:
        RGB, 1200 pixels wide: the picture with a box around each face, beside it the same with
        the heat maps, the most suspicious faces enlarged, what the file says of its own origin,
        and a legend.
    """
    mapped = sorted(
        (face for face in prediction.faces if face.heatmap is not None),
        key=lambda face: face.p_fake or 0,
    )
    panels = 2 if mapped else 1
    size = _fit(image.size, (_INSIDE - (panels - 1) * _GAP) / panels)
    tiles = _worth_enlarging(prediction, mapped)
    at = _TOP + size[1] + _GAP
    said = _statements(prediction)
    fewer = _fewer(prediction, tiles)
    origin = at + (_TILE + 58 if tiles else 0) + (28 if fewer else 0)
    legend = origin + (28 * len(said) + _GAP if said else 0)
    canvas = Canvas(_WIDTH, legend + (92 if mapped else 0) + 50)

    _head(canvas, prediction, thresholds)
    plain = image.resize((size[0] * SCALE, size[1] * SCALE), Image.Resampling.LANCZOS)
    hot = plain
    for face in mapped:  # the most suspicious last, on top
        assert face.heatmap is not None
        hot = face.heatmap.overlay(hot)
    for panel, shown in enumerate((plain, hot)[:panels]):
        left = _MARGIN + panel * (size[0] + _GAP)
        canvas.paste(shown, left, _TOP)
        _boxes(canvas, prediction, left, size)
    for tile, face in enumerate(tiles):
        _enlarged(canvas, image, prediction, face, _MARGIN + tile * (2 * _TILE + 4 + _GAP), at)
    if fewer:
        canvas.text(_MARGIN, at + _TILE + 40, fewer, 16, SOFT)
    for number, line in enumerate(said):
        text = fitted(line, 16, _INSIDE - 130)
        canvas.text(_MARGIN + 130, origin + 28 * number, text, 16)
    if said:
        canvas.text(_MARGIN, origin, "The file says", 16, SOFT)
    if mapped:
        assert mapped[0].heatmap is not None
        _legend(canvas, legend, mapped[0].heatmap.method)
    note = f"fakeface, model {model}. A verdict is a reason to look closer, not a proof."
    canvas.text(_MARGIN, canvas.height - 44, note, 15, SOFT)
    return canvas.finish()


def _statements(prediction: Prediction) -> list[str]:
    """What the file says of its own origin, the most important first."""
    said = prediction.provenance
    if said is None:
        return []
    lines = list(dict.fromkeys(f"{s} · {s.detail}" if s.detail else str(s) for s in said.ordered))
    if len(lines) > _MOST_STATEMENTS:
        lines[_MOST_STATEMENTS - 1 :] = [f"{len(lines) - _MOST_STATEMENTS + 1} more"]
    return [printable(line) for line in lines or [said.says]]


def _fit(size: tuple[int, int], room: float) -> tuple[int, int]:
    scale = min(room / size[0], _TALLEST / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _score(p_fake: float) -> str:
    """Format a score; none is shown as certain."""
    return f"{min(max(p_fake, 0.001), 0.999):.3f}"


def _head(canvas: Canvas, prediction: Prediction, thresholds: Thresholds) -> None:
    assert prediction.verdict is not None
    verdict = prediction.verdict.value
    colour = _COLOURS[verdict]
    canvas.text(_MARGIN, 30, fitted(printable(prediction.source), 17, _INSIDE), 17, SOFT)
    x = canvas.mark(verdict, _MARGIN, 67, 26, colour)
    x = canvas.text(x, 60, _LABELS.get(verdict, verdict), 36, colour)
    if prediction.p_fake is None:
        return
    canvas.text(x + 22, 70, f"p (fake) {_score(prediction.p_fake)}", 24)
    canvas.rectangle(_MARGIN, 118, _INSIDE, 8, LINE)
    canvas.rectangle(_MARGIN, 118, max(_INSIDE * prediction.p_fake, 2), 8, colour)
    ticks = {f"fake from {thresholds.fake:.2f}": thresholds.fake}
    if thresholds.real < thresholds.fake:
        ticks[f"real below {thresholds.real:.2f}"] = thresholds.real
    for text, at in ticks.items():
        x = _MARGIN + _INSIDE * at
        canvas.rectangle(x - 1, 114, 2, 16, INK)
        room = length(text, 13)
        left = x - room if text.startswith("real") else x
        canvas.text(min(max(left, _MARGIN), _WIDTH - _MARGIN - room), 132, text, 13, SOFT)


def _boxes(canvas: Canvas, prediction: Prediction, left: float, size: tuple[int, int]) -> None:
    """Draw a box around every face, and above or below it its number if there are several."""
    assert prediction.size is not None
    for number, face in enumerate(_by_suspicion(prediction), 1):
        box = face.box.scaled(size[0] / prediction.size[0])
        x, y = max(box.x, 0), max(box.y, 0)
        width, height = min(box.x + box.width, size[0]) - x, min(box.y + box.height, size[1]) - y
        if width < 6 or height < 6:
            continue
        x, y, colour = x + left, y + _TOP, _COLOURS[face.verdict.value]
        canvas.frame(x, y, width, height, WHITE, 5)
        canvas.frame(x + 1.5, y + 1.5, width - 3, height - 3, colour, 2)
        if len(prediction.faces) > 1:
            top = y - 24 if y - 24 >= _TOP else y + height + 2
            canvas.rectangle(x, top, 12 + length(str(number), 15), 22, colour)
            canvas.text(x + 6, top + 1, str(number), 15, WHITE)


def _by_suspicion(prediction: Prediction) -> list[Face]:
    """Return the faces as they are numbered: the most suspicious first, then those unscored."""
    return sorted(prediction.faces, key=lambda f: (f.p_fake is None, -(f.p_fake or 0)))


def _worth_enlarging(prediction: Prediction, mapped: list[Face]) -> list[Face]:
    """Return the most suspicious faces, most first; none if the picture is one large face."""
    assert prediction.size is not None
    if len(mapped) == 1 and mapped[0].heatmap is not None:
        covers = mapped[0].heatmap.box.side / min(prediction.size)
        return mapped if covers < 0.75 else []
    return mapped[: -_TILES - 1 : -1]


def _fewer(prediction: Prediction, tiles: list[Face]) -> str:
    """Return how many faces are enlarged, if not all; empty where none or all are."""
    total = len(prediction.faces)
    if not tiles or len(tiles) == total:
        return ""
    return f"{len(tiles)} of {total} faces shown, the most suspicious first"


def _enlarged(
    canvas: Canvas, image: Image.Image, prediction: Prediction, face: Face, x: float, y: float
) -> None:
    assert face.heatmap is not None
    square = face.heatmap.box.scaled(image.width / face.heatmap.size[0])
    corners = (square.x, square.y, square.x + square.width, square.y + square.height)
    for at, source in enumerate((image, face.heatmap.overlay(image))):
        pixels = (_TILE * SCALE, _TILE * SCALE)
        tile = source.resize(pixels, Image.Resampling.LANCZOS, box=corners)
        canvas.paste(tile, x + at * (_TILE + 4), y)
    verdict = face.verdict.value
    if len(prediction.faces) > 1:
        x = (
            canvas.text(x, y + _TILE + 8, f"{_by_suspicion(prediction).index(face) + 1}", 17, SOFT)
            + 10
        )
    x = canvas.mark(verdict, x, y + _TILE + 13, 12, _COLOURS[verdict])
    x = canvas.text(x, y + _TILE + 8, _LABELS.get(verdict, verdict), 17, _COLOURS[verdict])
    if face.p_fake is not None:
        canvas.text(x + 12, y + _TILE + 8, _score(face.p_fake), 17)


def _legend(canvas: Canvas, y: float, method: Method) -> None:
    """Draw the colour scale."""
    width, height = 320, 16
    ramp = np.linspace(-1, 1, width * SCALE, dtype=np.float32)
    values = np.repeat(ramp[np.newaxis], height * SCALE, axis=0)
    colours = blend(np.full(values.shape, 128, np.uint8), values)
    left = canvas.text(_MARGIN, y, "speaks for a photograph", 16) + 14
    canvas.paste(Image.fromarray(colours), left, y + 3)
    canvas.text(left + width + 14, y, "speaks for AI", 16)
    for text, at in (("strongly", 0.0), ("neutral", 0.5), ("strongly", 1.0)):
        canvas.text(left + width * at - length(text, 14) * at, y + 24, text, 14, SOFT)
    canvas.text(_MARGIN, y + 50, f"{_METHODS[method]} Same scale in every picture.", 15, SOFT)
