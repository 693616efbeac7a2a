"""The library's front door: from pictures to predictions."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from fakeface._constructor import with_arguments_of
from fakeface._errors import ImageError
from fakeface._options import DetectorOptions
from fakeface._pipeline import run, run_in_workers
from fakeface._processors import default_threads
from fakeface._provider_names import short_name
from fakeface._steps import Steps
from fakeface.files._walk import existing, walk
from fakeface.types import Prediction, ReadPrediction, Source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BYTES = (bytes, bytearray, memoryview)
_ONE = (str, os.PathLike, *_BYTES)
"""Types of a single path or picture that Python could iterate over."""


class Detector(Steps):
    """Tells photographs of faces from faces made by AI, on this machine.

    A detector holds two ONNX Runtime sessions, one that finds faces and one that scores them; it
    may be shared between threads.

    Attributes:
        options: The settings that it was made with.
        model: Name of the model that scores faces.
        info: Description of that model.
        thresholds: The thresholds between the verdicts.
        whole: Whether every picture is treated as already cropped to one face.
        min_face: Faces whose longer side is below this many pixels are not scored.
        frames: Frames of a file that are scored, if it holds several.
        heatmaps: How the heat maps of faces are made; None if there are none.
        settings: Fingerprint of everything that a verdict depends on besides the picture, in
            hexadecimal: the files of both models, the thresholds, `whole`, `min_face` and
            `frames`. It does not cover the provider, nor the versions of fakeface, ONNX Runtime
            and Pillow, between which scores differ slightly.
        classifier: The model that scores faces, with its session.
        finder: The model that finds faces; None if `whole`.
        batch_size: Faces that `predict_batch` and `scan` score at once by default.
    """

    @with_arguments_of(DetectorOptions)
    def __init__(self, options: DetectorOptions) -> None:
        """Load the models and open their sessions.

        Args:
            options: Not given as such: the arguments are the fields of `DetectorOptions`, such as
                `Detector("my-model", fpr=0.01)`. The first four may be given by position.

        Raises:
            ModelError: The model does not exist, is broken, or has no such operating point.
            ProviderError: The provider is not available.
            ReportError: The trust list cannot be read.
            ValueError: A number is out of its range, or `threshold` and `fpr` are both given.
        """
        super().__init__(options)

    @classmethod
    def from_options(cls, options: DetectorOptions) -> Detector:
        """Make a detector from settings that are together already.

        Args:
            options: The settings.

        Returns:
            The detector.

        Raises:
            ModelError: The model does not exist, is broken, or has no such operating point.
            ProviderError: The provider is not available.
        """
        return cls(**{name: getattr(options, name) for name in options.__slots__})

    def __reduce__(self) -> tuple[Callable[[DetectorOptions], Detector], tuple[DetectorOptions]]:
        """Pickle the settings; the models are opened again where it is unpickled.

        Raises:
            TypeError: It was made with ONNX Runtime's session options, which cannot be pickled.
        """
        options = self.options
        if options.session_options is not None:
            raise TypeError(
                "a detector with session_options cannot be pickled; give it threads instead, or"
                " make one in each process"
            )
        if options.model is not None:
            options = replace(options, model=str(self.info.path.absolute()))
        return Detector.from_options, (options,)

    def __repr__(self) -> str:
        """Give model, provider, thresholds and fingerprint."""
        provider = short_name(self.classifier.session.get_providers()[0])
        return (
            f"<Detector {self.model} {self.info.version} on {provider}:"
            f" fake from {self.thresholds.fake:.3f}, real below {self.thresholds.real:.3f};"
            f" settings {self.settings}>"
        )

    def predict(
        self, source: Source, *, name: str | None = None, bgr: bool = False
    ) -> ReadPrediction:
        """Classify one picture.

        Args:
            source: A path, encoded bytes, a binary file object, a Pillow image, or a uint8 RGB
                array of shape (height, width, 3).
            name: What to call it in the result and in errors; None for its path, or `<bytes>`,
                `<array>` and the like.
            bgr: Whether an array holds blue, green and red, as OpenCV gives frames of videos.

        Returns:
            The prediction; it always has a verdict, and never an error.

        Raises:
            ImageError: The picture cannot be read.
            TypeError: `bgr` is set, and `source` is no array.
        """
        if bgr:
            if not _is_array(source):
                raise TypeError(f"bgr is for arrays, got a {type(source).__name__}")
            source = source[..., ::-1] if source.ndim == 3 else source
        try:
            preprocessed = self.preprocess(source)
        except ImageError as error:
            if name is None:
                raise
            raise ImageError(name, error.reason) from error
        if name is not None:
            others = tuple(replace(other, name=name) for other in preprocessed.others)
            preprocessed = replace(preprocessed, name=name, others=others)
        scores = self.score(preprocessed.crops) if len(preprocessed.crops) else ()
        return self.aggregate(preprocessed, scores)

    def predict_batch(
        self,
        sources: Iterable[Source],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Generator[Prediction, None, None]:
        """Classify many pictures: decode in threads, run the model in batches.

        With `threads=1` on the CPU and batches of one face, each thread scores its own pictures
        too: faster where there are many processors.

        A lazy generator: at most a few batches of pictures are in memory, and nothing is read
        until the first prediction is requested.

        Args:
            sources: Pictures, each as for `predict`; a list even of a single one.
            batch_size: Faces scored at once; None for 1 on the CPU, 4 with
                OpenVINO and 8 elsewhere.
            workers: Threads that decode and find faces, and with `threads=1` score them; None for
                one per processor.

        Yields:
            One prediction per source, in order; for a picture that cannot be read, one with
            `error` set.

        Raises:
            TypeError: `sources` is a single picture.
            ValueError: `batch_size` or `workers` is below 1.
        """
        if _is_one_picture(sources):
            kind = type(sources).__name__
            raise TypeError(
                f"predict_batch takes a list of pictures, got a {kind}:"
                " write predict(picture), predict_batch([picture]) or scan(folder)"
            )
        batch_size = self.batch_size if batch_size is None else batch_size
        steps: dict[str, Any] = {
            "preprocess": self.preprocess,
            "score": self.score,
            "aggregate": self.aggregate,
            "fail": self.fail,
        }
        number = default_threads() if workers is None else workers
        if batch_size == 1 and number > 1 and self.one_processor_a_run:
            return run_in_workers(sources, **steps, workers=workers)
        return run(sources, **steps, batch_size=batch_size, workers=workers)

    def scan(
        self,
        folder: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        recursive: bool = True,
        *,
        glob: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        follow_symlinks: bool = False,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Generator[Prediction, None, None]:
        """Classify every picture in a folder.

        A lazy generator like `predict_batch`. Pictures are recognised by their first bytes or their
        names; other files are skipped.

        Args:
            folder: A folder, a file, or several of them.
            recursive: Whether to go into sub-folders.
            glob: Take only files that match this pattern or one of several. A pattern without a
                slash, such as `*.jpg`, is matched against names at any depth; one with a slash
                against the path below the folder: `2024/*.jpg` matches files directly in `2024`,
                `2024/**` all below it, `2024/**/*.jpg` the JPEG files among them. Case is
                ignored. Files given in `folder` themselves are always taken.
            exclude: Skip files and sub-folders that match this pattern or one of several.
            follow_symlinks: Whether to follow links to folders; loops are detected.
            batch_size: Faces scored at once; None for 1 on the CPU, 4 with
                OpenVINO and 8 elsewhere.
            workers: Threads that decode and find faces, and with `threads=1` score them; None for
                one per processor.

        Yields:
            One prediction per picture, in the order of their paths; for a picture or a folder that
            cannot be read, one with `error` set.

        Raises:
            NotFoundError: A folder or file given does not exist (a FileNotFoundError too).
            TypeError: A folder is given as bytes.
            ValueError: `batch_size` or `workers` is below 1.
        """
        folders = [folder] if isinstance(folder, (str, os.PathLike)) else list(folder)
        if isinstance(folder, _BYTES) or any(isinstance(name, _BYTES) for name in folders):
            raise TypeError(
                "scan takes folders as str or os.PathLike, got bytes: write os.fsdecode(folder)"
            )
        paths = walk(
            existing(folders),
            recursive=recursive,
            glob=glob,
            exclude=exclude,
            follow_symlinks=follow_symlinks,
        )
        return self.predict_batch(paths, batch_size=batch_size, workers=workers)


def _is_array(source: object) -> TypeGuard[npt.NDArray[np.uint8]]:
    return hasattr(source, "__array_interface__") and hasattr(source, "ndim")


def _is_one_picture(sources: object) -> bool:
    """Whether Python would go through the letters, rows or columns of what is no list."""
    if isinstance(sources, (*_ONE, Mapping)) or hasattr(sources, "read"):
        return True
    if hasattr(sources, "iloc") and hasattr(sources, "columns"):  # a data frame
        return True
    return hasattr(sources, "__array_interface__") and len(getattr(sources, "shape", (0, 0, 0))) < 4
