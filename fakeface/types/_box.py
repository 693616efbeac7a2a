from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MIN_FACE = 48.0
"""Faces whose longer side is below this many pixels are not scored by default."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in a picture; unpacks as `x, y, width, height = box`.

    Attributes:
        x: Left edge in pixels of the upright picture; may lie outside it.
        y: Top edge in pixels of the upright picture; may lie outside it.
        width: Width in pixels, above 0.
        height: Height in pixels, above 0.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Raise ValueError if the box has no area."""
        if not (self.width > 0 and self.height > 0):
            raise ValueError(
                f"a box needs a width and a height above 0, got {self.width} x {self.height}"
            )

    @property
    def side(self) -> float:
        """The longer of width and height, in pixels."""
        return max(self.width, self.height)

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge, in pixels."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def __iter__(self) -> Iterator[float]:
        """Yield `x`, `y`, `width` and `height`."""
        yield from (self.x, self.y, self.width, self.height)

    def scaled(self, factor: float) -> Box:
        """Return the same box in a picture `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def iou(self, other: Box) -> float:
        """Return the intersection over union with another box, 0 to 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)
