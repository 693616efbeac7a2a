"""Static HTML in the look of the scan's report: one file without scripts that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import IO

from PIL import Image

import fakeface
from fakeface.reports import page_style, printable

_STYLE = """
.plot { margin: 0 0 1rem; }
.plot img { max-width: 100%; height: auto; border-radius: 6px; background: #fff; }
.rows tbody th { font-weight: 400; }
.mistake { cursor: auto; content-visibility: visible; }
.mistake img { width: 100%; height: auto; border-radius: 4px; background: var(--sunk); }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src {policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="fakeface {version}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header class="page-head">
<p class="brand">{brand}</p>
<h1>{title}</h1>
<p class="lede">{lede}</p>
{warnings}
</header>
<main>
{sections}
</main>
<footer><p>Made by fakeface {version}. This file is complete in itself: it loads nothing and sends
nothing. It contains small copies of pictures; share it as you would share them.</p></footer>
</body>
</html>
"""  # noqa: E501


def text(value: object) -> str:
    """Return a value as HTML text on one printable line: names of files are somebody else's."""
    return escape(printable(str(value)))


def page(
    title: str, brand: str, lede: str, warnings: Iterable[str], sections: Iterable[str]
) -> str:
    """Assemble a page.

    Args:
        title: Its headline.
        brand: What kind of page it is, above the headline.
        lede: What it is about, below the headline.
        warnings: What to know before anything else.
        sections: HTML, from `section`.
    """
    style = page_style() + _STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _PAGE.format(
        policy=f"'sha256-{digest}'",
        version=fakeface.__version__,
        style=style,
        title=text(title),
        brand=text(brand),
        lede=text(lede),
        warnings="\n".join(f'<p class="warning">{text(line)}</p>' for line in warnings),
        sections="\n".join(sections),
    )


def section(title: str, *parts: str) -> str:
    """Return a section with a heading; its parts are HTML."""
    return f"<section><h2>{text(title)}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(words: str) -> str:
    """Return a paragraph of text."""
    return f'<p class="note">{text(words)}</p>'


def bullets(lines: Iterable[str]) -> str:
    """Return sentences as a list."""
    return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>"


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Return names and values as a list of definitions."""
    items = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs)
    return f'<dl class="facts">{items}</dl>'


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table whose first column is a name and whose others are numbers."""
    cells = "".join(f'<th scope="col"{_number(i)}>{text(name)}</th>' for i, name in enumerate(head))
    lines = "".join(
        f'<tr><th scope="row">{text(first)}</th>'
        + "".join(f'<td class="number">{text(value)}</td>' for value in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="table-box"><table class="rows"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _number(column: int) -> str:
    return ' class="number"' if column else ""


def plot(draw: Callable[[IO[bytes]], None], alt: str) -> str:
    """Return a plot.

    Args:
        draw: Writes it as PNG.
        alt: What it shows, for those who do not see it.
    """
    buffer = io.BytesIO()
    draw(buffer)
    return f'<figure class="plot">{_image(buffer.getvalue(), "png", alt)}</figure>'


def mistake(crop: Image.Image | None, name: str, badge: str, p_fake: float, origin: str) -> str:
    """Return a card of a picture.

    Args:
        crop: The face, RGB; None where there is no picture of it.
        name: Name of the file.
        badge: Class of the verdict: `fake`, `uncertain` or `real`.
        p_fake: Its score.
        origin: Where it comes from.
    """
    image = "" if crop is None else _image(_jpeg(crop), "jpeg", "")
    shown = f"{min(max(p_fake, 0.001), 0.999):.3f}"  # none is certain
    return (
        f'<div class="card mistake">{image}'
        f'<span class="verdict"><span class="badge {badge}">{badge}</span>'
        f'<span class="p">{shown}</span></span>'
        f'<span class="name" title="{text(name)}">{text(name.rpartition("/")[2])}</span>'
        f'<span class="below">{text(origin)}</span></div>'
    )


def grid(cards: Iterable[str]) -> str:
    """Return cards side by side."""
    return f'<div class="grid mistakes">{"".join(cards)}</div>'


def _image(data: bytes, kind: str, alt: str) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<img src="data:image/{kind};base64,{encoded}" alt="{text(alt)}">'


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=75, optimize=True)
    return buffer.getvalue()
