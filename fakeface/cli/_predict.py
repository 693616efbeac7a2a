from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakeface._errors import ImageError
from fakeface.cli import _options as options
from fakeface.cli._errors import UsageError, exits

if TYPE_CHECKING:
    from PIL import Image

    from fakeface._detector import Detector
    from fakeface.types import Prediction

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_SIDE = 2400
"""For the figure, larger JPEG pictures are decoded at a reduced size not below so many pixels."""


@exits
@options.takes_detector_options()
def predict(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Pictures; - for standard input.")
    ],
    *,
    settings: dict[str, Any],
    format: options.Format = None,  # noqa: A002
    output: options.Outputs = None,
    explain: Annotated[
        Path | None,
        options.RESULTS(
            metavar="PNG",
            help="Also draw a figure with the faces, the verdict and a heat map to this file; takes"
            " one FILE.",
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    fail_on: options.FailOns = None,
) -> int:
    """Classify single pictures.

    For example: fakeface predict portrait.jpg · fakeface predict portrait.jpg --explain why.png ·
    curl -s URL | fakeface predict - --format json
    """
    from fakeface.cli._destination import check_new, destinations
    from fakeface.cli._paths import expanded
    from fakeface.cli._run import Run, load_detector, open_reports

    goals = destinations(format, output, overwrite)
    if explain is not None:
        _check_figure(explain, len(files))
        check_new(explain, overwrite)
    detector = load_detector(settings, explain=explain is not None)
    run = Run(fail_on, detector.frames)
    sources = [_standard_input() if name == "-" else name for name in expanded(files)]
    reports = open_reports(goals, detector)
    for report in reports:
        report.all_statements = True
    run.write(_predictions(detector, sources, explain), reports)
    return run.finish()


def _check_figure(path: Path, files: int) -> None:
    if files != 1:
        raise UsageError(f"--explain takes one FILE, got {files}")
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{path}: must end in {', '.join(_SUFFIXES)}")


def _standard_input() -> io.BytesIO | ImageError:
    """Read a picture from standard input, up to the size limit; return the error if it fails."""
    from fakeface.cli._streams import standard_input
    from fakeface.images._read import read

    name = "<stdin>"
    stream = standard_input()
    try:
        file = io.BytesIO(read(stream, name))
    except ImageError as error:
        return error
    file.name = name
    return file


def _predictions(
    detector: Detector, sources: Sequence[str | io.BytesIO | ImageError], explain: Path | None
) -> Generator[Prediction, None, None]:
    """Classify pictures: a single one in this thread, since another would take 9 MB of its own."""
    if len(sources) > 1:
        yield from detector.predict_batch(sources)
        return
    prediction = detector.judge(sources[0])
    yield prediction
    if explain is not None and prediction.ok:
        _draw(detector, sources[0], prediction).save(explain)


def _draw(detector: Detector, source: Any, prediction: Prediction) -> Image.Image:
    from fakeface.explain._figure import figure
    from fakeface.images._decode import Picture, reduction_factor

    if not isinstance(source, str):
        source.seek(0)
    picture = Picture(source).at(prediction.frame or 0)
    image, _ = picture.load(reduction_factor(max(picture.size) / _SIDE))
    model = f"{detector.info.name} {detector.info.version}"
    return figure(image, prediction, detector.thresholds, model)
