"""The figure that `predict --explain` draws."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fakeface._errors import ImageError, ReportError
from fakeface.cli._errors import UsageError

if TYPE_CHECKING:
    from fakeface._detector import Detector
    from fakeface.types import Prediction

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_SIDE = 2400
"""Larger JPEG pictures are decoded at a reduced size, but not below this many pixels."""


class Explanation:
    """Draws the figure of one picture after it has been classified."""

    def __init__(self, path: Path, files: int, overwrite: bool) -> None:
        """Check the options before anything is loaded.

        Args:
            path: The file to write.
            files: Number of pictures to classify.
            overwrite: Whether an existing file may be replaced.

        Raises:
            ReportError: The file has another suffix, or exists.
            UsageError: There is more than one picture.
        """
        if files != 1:
            raise UsageError(f"--explain takes one FILE, got {files}")
        if path.suffix.lower() not in _SUFFIXES:
            raise ReportError(str(path), f"must end in {', '.join(_SUFFIXES)}")
        if path.exists() and not overwrite:
            raise ReportError(str(path), "exists already; --overwrite replaces it")
        self._path = path

    def watch(
        self, detector: Detector, source: str | IO[bytes] | ImageError
    ) -> Generator[Prediction, None, None]:
        """Classify a picture, and draw its figure unless it cannot be read.

        Args:
            detector: A detector that makes heat maps.
            source: A path, a seekable stream, or the error if there is no picture.

        Yields:
            The one prediction.

        Raises:
            OSError: The figure cannot be written.
        """
        for prediction in detector.predict_batch([source]):
            yield prediction
            if not isinstance(source, ImageError) and prediction.ok:
                if not isinstance(source, str):
                    source.seek(0)
                self._draw(detector, source, prediction)

    def _draw(self, detector: Detector, source: str | IO[bytes], prediction: Prediction) -> None:
        from fakeface.explain._figure import figure
        from fakeface.images._decode import Picture, reduction_factor

        picture = Picture(source).at(prediction.frame or 0)
        image, _ = picture.load(reduction_factor(max(picture.size) / _SIDE))
        model = f"{detector.info.name} {detector.info.version}"
        figure(image, prediction, detector.thresholds, model).save(self._path)
