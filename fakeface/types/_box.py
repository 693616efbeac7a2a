from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in a picture.

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
        """Refuse a box without an area (`ValueError`)."""
        if not (self.width > 0 and self.height > 0):
            raise ValueError(f"a box needs an area, got {self.width} x {self.height}")

    @property
    def side(self) -> float:
        """The longer of width and height, in pixels."""
        return max(self.width, self.height)

    def scaled(self, factor: float) -> Box:
        """The same box in a picture `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)
