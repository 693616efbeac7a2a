"""A canvas for figures, drawn with Pillow at twice the size and then halved for smooth edges."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

SCALE = 2
"""Pixels of the canvas per pixel of the result."""

INK: Colour = (27, 29, 31)
SOFT: Colour = (91, 95, 99)
LINE: Colour = (222, 222, 218)
GROUND: Colour = (250, 250, 248)
WHITE: Colour = (255, 255, 255)


class Canvas:
    """A canvas; all lengths are in pixels of the result.

    Attributes:
        width: Its width.
        height: Its height.
    """

    def __init__(self, width: int, height: int) -> None:
        """Make an empty canvas."""
        self.width = width
        self.height = height
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), GROUND)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, x: float, y: float, text: str, size: int, colour: Colour = INK) -> float:
        """Write a line from its top left; return the x after it."""
        self._draw.text((x * SCALE, y * SCALE), text, colour, _font(size))
        return x + length(text, size)

    def paste(self, image: Image.Image, x: float, y: float) -> None:
        """Paste an image that is `SCALE` times its final size."""
        self._image.paste(image, (round(x * SCALE), round(y * SCALE)))

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle."""
        right, bottom = (x + width) * SCALE - 1, (y + height) * SCALE - 1
        self._draw.rectangle((x * SCALE, y * SCALE, right, bottom), colour)

    def frame(
        self, x: float, y: float, width: float, height: float, colour: Colour, line: float
    ) -> None:
        """Draw a frame with round corners, its line inside the rectangle."""
        corners = (x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE)
        self._draw.rounded_rectangle(corners, 6 * SCALE, None, colour, round(line * SCALE))

    def mark(self, verdict: str, x: float, y: float, side: float, colour: Colour) -> float:
        """Draw the shape of a verdict, the same as in HTML reports; return the x after it."""
        half = side / 2
        if verdict == "real":
            centre = ((x + half) * SCALE, (y + half) * SCALE)
            self._draw.circle(centre, half * SCALE, colour)
        elif verdict in ("fake", "uncertain"):
            points = [(half, 0.0), (side, side), (0.0, side)]
            if verdict == "uncertain":
                points = [(half, 0.0), (side, half), (half, side), (0.0, half)]
            self._draw.polygon([((x + a) * SCALE, (y + b) * SCALE) for a, b in points], colour)
        else:
            self.rectangle(x, y + side * 0.42, side, side * 0.16, colour)
        return x + side * 1.5

    def finish(self) -> Image.Image:
        """Return the result."""
        return self._image.reduce(SCALE)


def length(text: str, size: int) -> float:
    """Return the width of a line of text."""
    return _font(size).getlength(text) / SCALE


def fitted(text: str, size: int, room: float) -> str:
    """Return the text, with its middle replaced by an ellipsis if it is wider than `room`."""
    shown, keep = text, len(text)
    while keep > 8 and length(shown, size) > room:
        keep -= 1
        shown = f"{text[: keep // 3]}…{text[len(text) - keep + keep // 3 :]}"
    return shown


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * SCALE)
