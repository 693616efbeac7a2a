"""The page of a run: its report, its plots, and the faces that it got most wrong."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

import fakeface
from fakeface.files import replacing
from fakeface.reports import page_style, printable
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.errors import DataError
from train.fitting._run import Run
from train.report._worst import Mistake, face_crops, worst

_STYLE = """
.plot { margin: 0; }
.plot img { max-width: min(100%, 50rem); height: auto; border-radius: 6px; background: #fff; }
pre { white-space: pre-wrap; font-size: .87rem; }
.mistake { cursor: auto; content-visibility: visible; }
.mistake img { width: 100%; height: auto; border-radius: 4px; background: var(--sunk); }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'sha256-{digest}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="fakeface {version}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header class="page-head">
<p class="brand">fakeface training report · {finished}</p>
<h1>{title}</h1>
</header>
<main>
{sections}
</main>
<footer><p>Made by fakeface {version}. This file is complete in itself: it loads nothing and sends
nothing. It contains small copies of pictures; share it as you would share them.</p></footer>
</body>
</html>
"""

_SPLITS = {"test": "report.txt", "unseen": "report-unseen.txt"}
_PLOTS = {"history.png": "Learning curves", "roc.png": "ROC", "confusion.png": "Confusion matrix"}


def write_report(run: Run, out: Path, cache: Cache, folder: Path | None, most: int) -> Path:
    """Write a page that shows a run.

    Args:
        run: The run.
        out: The file to write.
        cache: Keeps digests and faces.
        folder: The data folder; None for the one that the run recorded. Where that is gone, the
            page has no pictures and says so.
        most: Pictures of each kind of mistake at most; 0 for none.

    Returns:
        `out`.

    Raises:
        DataError: `folder` was given and cannot be used.
        RunError: Scores of the run are missing.
    """
    data, problem = _find_data(run, folder, cache)
    accuracy = run.info["metrics"]["test"]["accuracy"]
    style = page_style() + _STYLE
    page = _PAGE.format(
        digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        version=fakeface.__version__,
        style=style,
        title=escape(f"{run.recipe.name}: {accuracy:.1%} of the test pictures are right"),
        finished=escape(run.info["finished"]),
        sections="\n".join(_sections(run, data, problem, cache, most)),
    )
    with replacing(out) as new:
        new.write_text(page, encoding="utf-8")
    return out


def _find_data(run: Run, folder: Path | None, cache: Cache) -> tuple[Data | None, str]:
    """Load the data folder; return None and why where there is none."""
    if folder is not None:
        return load_data(folder, cache), ""
    try:
        return load_data(Path(run.info["folder"]), cache), ""
    except DataError as error:
        return None, f"No pictures ({error}): write the page again with --data FOLDER to see them."


def _sections(run: Run, data: Data | None, problem: str, cache: Cache, most: int) -> Iterator[str]:
    for split in _SPLITS:
        if split not in run.info["metrics"]:
            continue
        yield _section(f"On {split}", _text_file(run.path / _SPLITS[split]))
        alarms, misses = worst(run, run.scores(split), most)
        for what, badge, mistakes in (
            ("Photographs called fake", "fake", alarms),
            ("AI pictures called real", "real", misses),
        ):
            if mistakes:
                crops = {} if data is None else face_crops(run, mistakes, data, cache)
                cards = (_card(one, badge, crops.get(one.name)) for one in mistakes)
                words = problem or "The worst come first: the face as the detector sees it."
                note = f'<p class="note">{_text(words)}</p>'
                grid = f'<div class="grid mistakes">{"".join(cards)}</div>'
                yield _section(f"{what}, on {split}", note + grid)
    for file, title in _PLOTS.items():
        if (run.path / file).is_file():
            image = _image((run.path / file).read_bytes(), "png", title)
            yield _section(title, f'<figure class="plot">{image}</figure>')
    notes = "".join(f"<li>{_text(note)}</li>" for note in run.info["data"]["notes"])
    yield _section("Data", f"<ul>{notes}<li>{run.info['data']['fingerprint']}</li></ul>")
    yield _section(
        "What made it",
        f'<p class="note">{_text(run.info["command"])}</p>{_text_file(run.path / "recipe.toml")}',
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{_text(title)}</h2>\n{content}\n</section>"


def _text_file(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "<pre>" + "\n".join(map(_text, lines)) + "</pre>"


def _card(mistake: Mistake, badge: str, crop: bytes | None) -> str:
    shown = f"{min(max(mistake.p_fake, 0.001), 0.999):.3f}"  # none is certain
    return (
        f'<div class="card mistake">{_image(crop, "jpeg", "") if crop else ""}'
        f'<span class="verdict"><span class="badge {badge}">{badge}</span>'
        f'<span class="p">{shown}</span></span>'
        f'<span class="name" title="{_text(mistake.name)}">'
        f"{_text(mistake.name.rpartition('/')[2])}</span>"
        f'<span class="below">{_text(mistake.origin)}</span></div>'
    )


def _text(value: str) -> str:
    """Return HTML text on one printable line: names of files are somebody else's."""
    return escape(printable(value))


def _image(data: bytes, kind: str, alt: str) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<img src="data:image/{kind};base64,{encoded}" alt="{_text(alt)}">'
