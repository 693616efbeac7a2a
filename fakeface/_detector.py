"""The library's front door: from pictures to predictions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface._classifier import Classifier
from fakeface._errors import ImageError
from fakeface._model import FACE_FINDER, MODELS, find_model
from fakeface._pipeline import run
from fakeface._preprocess import Preprocessed, locate_heatmaps, preprocess
from fakeface._providers import default_batch
from fakeface._verdict import aggregate, choose_thresholds
from fakeface.faces._finder import FaceFinder
from fakeface.files._walk import existing, walk
from fakeface.types import Prediction, Source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnxruntime as ort

    from fakeface.types._heatmap import Method

    _Score = tuple[float, npt.NDArray[np.float32] | None]

MIN_FACE = 48
"""Faces whose longer side is below this many pixels are `too_small` unless told otherwise."""

_BYTES = (bytes, bytearray, memoryview)
_ONE = (str, os.PathLike, *_BYTES)
"""What is one path or picture, though Python would go through its letters or bytes."""


class Detector:
    """Tells photographs of faces from faces made by AI, on this machine.

    A detector holds two ONNX Runtime sessions, one that finds faces and one that judges them; it
    may be shared between threads.

    Attributes:
        model: Name of the model that judges.
        info: What is known of that model.
        thresholds: Where the verdicts part.
        whole: Whether every picture is taken as one face crop.
        min_face: Faces whose longer side is below this many pixels are not judged.
        heatmaps: How the heat maps of faces are made; None where there are none.
        settings: Fingerprint of all that a verdict depends on besides the picture, in
            hexadecimal: the files of both models, the thresholds, `whole` and `min_face`. Not
            the provider, nor the versions of fakeface, ONNX Runtime and Pillow, between which
            scores differ a little.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        provider: str = "auto",
        threads: int | None = None,
        threshold: float | None = None,
        *,
        fpr: float | None = None,
        whole: bool = False,
        min_face: float = MIN_FACE,
        explain: bool | None = None,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load the models and open their sessions.

        Args:
            model: Name of a bundled model or path of a model directory; None for the default.
            provider: Execution provider: `auto`, `cpu`, `cuda`, `dml`, `coreml`, `openvino`, …
                `auto` takes CUDA or DirectML where they are installed, else the CPU; the face
                finder always runs on the CPU.
            threads: Threads for the model; None for one per processor.
            threshold: Judge by this `p_fake` alone, 0 to 1, with nothing uncertain; None for the
                thresholds of the model.
            fpr: Judge by the model's operating point at this false positive rate instead.
            whole: Take every picture as one face crop and look for no face.
            min_face: Faces whose longer side is below this many pixels are not judged.
            explain: Whether faces get a heat map (`Face.heatmap`): None where it costs nothing,
                that is where the model gives its own; True always, which with other models costs
                some fifty passes a face; False never.
            session_options: Session options for the model to use instead of fakeface's own;
                `threads` is then left alone.

        Raises:
            ModelError: The model is not there, broken, or has no such operating point.
            ProviderError: The provider is not there.
            ValueError: A number is out of its range.
        """
        if not min_face >= 0:  # NaN neither: every face would be too small
            raise ValueError(f"min_face must be 0 or above, got {min_face}")
        path = find_model(None if model is None else Path(model))
        self.classifier = Classifier(path, provider, threads, session_options)
        self.batch_size = default_batch(self.classifier.session.get_providers()[0])
        self.finder = None if whole else FaceFinder(MODELS / FACE_FINDER)
        self.whole = whole
        self.min_face = min_face
        method = self.classifier.method
        explain = method == "cam" if explain is None else explain
        self.heatmaps: Method | None = method if explain else None
        self.info = self.classifier.info
        self.model = self.info.name
        self.thresholds = choose_thresholds(self.info, self.classifier.thresholds, threshold, fpr)
        self.settings = self._fingerprint()

    def _fingerprint(self) -> str:
        parts = [
            self.info.sha256,  # the file holds the crop and the calibration too
            self.finder and [self.finder.info.sha256, float(self.min_face)],
            [self.thresholds.fake, self.thresholds.real],
        ]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    def predict(self, source: Source) -> Prediction:
        """Judge one picture.

        Args:
            source: A path, encoded bytes, a binary file object, a Pillow image, or a uint8 RGB
                array of shape (height, width, 3).

        Returns:
            The prediction, never with an error in it.

        Raises:
            ImageError: The picture cannot be read.
        """
        preprocessed = self.preprocess(source)
        return self.aggregate(
            preprocessed, self.score(preprocessed.crops) if len(preprocessed.crops) else ()
        )

    def preprocess(self, source: Source) -> Preprocessed:
        return preprocess(source, self.finder, self.classifier.crop, self.min_face)

    def score(self, crops: npt.NDArray[np.uint8]) -> Sequence[_Score]:
        """`p_fake` and, where it is wanted, the map of each crop."""
        if self.heatmaps is None:
            return [(float(p), None) for p in self.classifier.predict(crops)]
        p_fake, maps = self.classifier.explain(crops)
        return list(zip(p_fake.tolist(), maps, strict=True))

    def aggregate(self, preprocessed: Preprocessed, scores: Sequence[_Score]) -> Prediction:
        classifier = self.classifier
        maps = [values for _, values in scores if values is not None]
        return aggregate(
            preprocessed,
            [p for p, _ in scores],
            self.thresholds,
            self.model,
            self.settings,
            locate_heatmaps(preprocessed, maps, classifier.crop.margin, classifier.method)
            if maps
            else (),
        )

    def _fail(self, error: ImageError) -> Prediction:
        return Prediction(error.source, self.model, error=error.reason, settings=self.settings)

    def predict_batch(
        self,
        sources: Iterable[Source],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Generator[Prediction, None, None]:
        """Judge many pictures, decoding in threads and running the model in batches.

        A lazy generator: at most a few batches of pictures are in memory, and nothing is read
        before the first prediction is asked for.

        Args:
            sources: Pictures, each as for `predict`; a list even of a single one.
            batch_size: Faces that the model sees at once; None for 1 on the CPU and 8 elsewhere.
            workers: Threads that decode and find faces; None for one per processor.

        Yields:
            One prediction per source, in order; a picture that cannot be read gives one with
            `error` set.

        Raises:
            TypeError: `sources` is a single picture.
            ValueError: `batch_size` or `workers` is below 1.
        """
        if isinstance(sources, _ONE) or hasattr(sources, "read"):
            kind = type(sources).__name__
            raise TypeError(
                f"predict_batch takes a list of pictures, got a {kind}:"
                " write predict(picture), predict_batch([picture]) or scan(folder)"
            )
        return run(
            sources,
            preprocess=self.preprocess,
            score=self.score,
            aggregate=self.aggregate,
            fail=self._fail,
            batch_size=self.batch_size if batch_size is None else batch_size,
            workers=workers,
        )

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
        """Judge every picture in a folder.

        A lazy generator like `predict_batch`. Pictures are told by their first bytes; files that
        neither those nor their names call a picture are passed over.

        Args:
            folder: A folder or several; files may be named too.
            recursive: Whether to go into sub-folders.
            glob: From folders take only files that match this pattern or one of several. One
                without a slash, such as `*.jpg`, is matched against names at any depth, one with
                a slash against the path below the folder: `2024/*.jpg` is what lies in `2024`
                itself, `2024/**` all below it, `2024/**/*.jpg` the JPEG pictures among it. Case
                does not matter. Files that are named themselves are always judged.
            exclude: From folders leave out files and sub-folders that match this pattern or one
                of several.
            follow_symlinks: Whether to follow links to folders; loops are noticed.
            batch_size: Faces that the model sees at once; None for 1 on the CPU and 8 elsewhere.
            workers: Threads that decode and find faces; None for one per processor.

        Yields:
            One prediction per picture, in the order of their paths; one with `error` set for a
            picture, or a folder, that cannot be read.

        Raises:
            FileNotFoundError: A folder named does not exist.
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
