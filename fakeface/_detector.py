"""The library's front door: from pictures to predictions."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fakeface._errors import FakefaceError, ImageError
from fakeface._model import FACE_FINDER, MODELS, ModelInfo, find_model
from fakeface._processors import MAX_THREADS, default_threads
from fakeface._provider_names import short_name
from fakeface._settings import Settings
from fakeface._verdict import aggregate, choose_thresholds
from fakeface.concurrency import bounded_map
from fakeface.faces._finder import FaceFinder
from fakeface.files._walk import existing, walk
from fakeface.images._decode import name_of
from fakeface.inference import Classifier
from fakeface.preprocessing import Preprocessed, locate_heatmaps, preprocess_frames
from fakeface.provenance._read import provenance_of
from fakeface.provenance._trust import load_trust_list
from fakeface.types import Prediction, ReadPrediction, Source
from fakeface.types._box import MIN_FACE

if TYPE_CHECKING:
    import onnxruntime as ort

    from fakeface.types._heatmap import Heatmap, Method

_log = logging.getLogger("fakeface")

_BYTES = (bytes, bytearray, memoryview)
_ONE = (str, os.PathLike, *_BYTES)
"""Types of a single path or picture that Python could iterate over."""


class Detector:
    """Tells photographs of faces from faces made by AI, on this machine.

    A detector holds two ONNX Runtime sessions, one that finds faces and one that scores them; it
    may be shared between threads.

    Attributes:
        model: Name of the model that scores faces.
        thresholds: The thresholds between the verdicts.
        whole: Whether every picture is treated as already cropped to one face.
        min_face: Faces whose longer side is below this many pixels are not scored.
        frames: Frames of a file that are scored, if it holds several.
        exact: Whether JPEG pictures are always decoded in full.
        heatmaps: How the heat maps of faces are made; None if there are none.
        provenance: Whether what files say of their own origin is read.
        trust_list: File of certificates that signatures are checked against; None for the C2PA's.
        settings: Fingerprint of everything that a verdict depends on besides the picture, in
            hexadecimal: the files of both models, the thresholds, `whole`, `min_face` and
            `frames`. It does not cover the provider, nor the versions of fakeface, ONNX Runtime
            and Pillow, between which scores differ slightly.
        classifier: The model that scores faces, with its session.
        finder: The model that finds faces; None if `whole`.
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
        frames: int = 1,
        exact: bool = False,
        explain: bool | None = None,
        provenance: bool = True,
        trust_list: str | os.PathLike[str] | None = None,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load the models and open their sessions.

        Args:
            model: Name of a bundled model or path of a model directory; None for the default.
            provider: Execution provider for the model: `auto`, `cpu`, `cuda`, `dml`, `coreml`,
                `openvino`, … `auto` takes CUDA or DirectML where they are installed, else the CPU.
                The face finder always runs on the CPU.
            threads: Threads for the model, at least 1; None for one per processor. With 1 on the
                CPU, `predict_batch` and `scan` score pictures side by side, which is faster for
                many.
            threshold: Call a face fake if its `p_fake` is at or above this, 0 to 1, and real
                otherwise, never uncertain; None for the thresholds of the model.
            fpr: Use the model's operating point for this false positive rate instead.
            whole: Treat every picture as already cropped to one face; do not look for faces.
            min_face: Faces whose longer side is below this many pixels get the verdict
                `too_small`.
            frames: Frames or pages of a file that holds several (GIF, WebP, PNG, AVIF, TIFF)
                that are scored, at least 1, spread evenly over all; the most suspicious one counts.
            exact: Whether to decode large JPEG pictures in full, so that a file, an array and a
                Pillow image of the same pixels get the same score. Otherwise a file is decoded no
                larger than needed, which is faster and moves scores a little.
            explain: Whether faces get a heat map (`Face.heatmap`). None: only if the model computes
                it with its score, at no cost. True: always, which takes some fifty forward passes a
                face with other models. False: never.
            provenance: Whether to read what files say of their own origin
                (`Prediction.provenance`). Verdicts do not depend on it.
            trust_list: File of certificates in PEM: signatures of content credentials by those that
                they vouch for are `trusted`. None for the C2PA's list, which comes with fakeface.
            session_options: ONNX Runtime session options for the model instead of fakeface's own;
                `threads` is then ignored.

        Raises:
            ModelError: The model does not exist, is broken, or has no such operating point.
            ProviderError: The provider is not available.
            ReportError: The trust list cannot be read.
            ValueError: A number is out of its range, or `threshold` and `fpr` are both given.
        """
        if not min_face >= 0:  # NaN neither: every face would be too small
            raise ValueError(f"min_face must be 0 or above, got {min_face}")
        if frames < 1:
            raise ValueError(f"frames must be at least 1, got {frames}")
        anchors = None if trust_list is None else load_trust_list(trust_list)
        self._read_provenance = partial(provenance_of, anchors=anchors) if provenance else None
        path = find_model(model)
        self.finder: FaceFinder | None = None
        with ThreadPoolExecutor(1) as pool:  # ONNX Runtime opens two sessions in the time of one
            finder = None if whole else pool.submit(FaceFinder, MODELS / FACE_FINDER)
            self.classifier = Classifier(path, provider, threads, session_options)
            if finder is not None:
                self.finder = finder.result()
        self.model = self.info.name
        self.whole, self.min_face, self.frames, self.exact = whole, min_face, frames, exact
        self.provenance, self.trust_list = provenance, trust_list
        method = self.classifier.method
        wanted = method == "cam" if explain is None else explain
        self.heatmaps: Method | None = method if wanted else None
        self.thresholds = choose_thresholds(self.info, self.classifier.thresholds, threshold, fpr)
        self.settings = Settings(
            self.info,
            self.thresholds,
            None if self.finder is None else self.finder.info.sha256,
            min_face,
            frames,
            exact,
        ).fingerprint

    @property
    def info(self) -> ModelInfo:
        """Description of the model that scores faces."""
        return self.classifier.info

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
            The prediction; it always has a verdict, and never an error. Of several frames it is
            that of the most suspicious one, or of the first with a face.

        Raises:
            ImageError: The picture cannot be read.
            TypeError: `bgr` is set, and `source` is no array.
        """
        if bgr:
            if not isinstance(source, np.ndarray):
                raise TypeError(f"bgr is for arrays, got a {type(source).__name__}")
            source = source[..., ::-1] if source.ndim == 3 else source
        return self._predict(source, name)

    def _predict(
        self, source: Source, name: str | None = None, batch_size: int | None = None
    ) -> ReadPrediction:
        frames = preprocess_frames(
            source,
            self.finder,
            self.classifier.crop,
            self.min_face,
            self.frames,
            self._read_provenance,
            name,
            self.exact,
        )
        # the first of equally suspicious ones
        return max((self._score(frame, batch_size) for frame in frames), key=_suspicion)

    def _score(self, frame: Preprocessed, batch_size: int | None) -> ReadPrediction:
        classifier = self.classifier
        p_fake, maps = classifier.score(
            frame.crops, explain=self.heatmaps is not None, batch_size=batch_size
        )
        heatmaps: list[Heatmap] = []
        if self.heatmaps is not None:
            heatmaps = locate_heatmaps(
                frame, maps, classifier.crop.margin, self.heatmaps, classifier.map_share
            )
        return aggregate(frame, p_fake, self.thresholds, self.model, self.settings, heatmaps)

    def judge(self, source: Source | ImageError, *, batch_size: int | None = None) -> Prediction:
        """Classify one picture as `predict` does, without ever raising an exception for it.

        Args:
            source: As for `predict`; an `ImageError` stands for a picture that is known to be
                unreadable.
            batch_size: As for `predict_batch`.

        Returns:
            The prediction; for a picture that cannot be read, or on which a model fails, one with
            `error` set and without a verdict. An error that would be a bug is logged too.
        """
        if isinstance(source, ImageError):
            return self._failed(source.source, source.reason)
        try:
            return self._predict(source, batch_size=batch_size)
        except ImageError as error:
            return self._failed(error.source, error.reason)
        except MemoryError:
            return self._failed(name_of(source), "does not fit into memory")
        except FakefaceError as error:  # a network failed, for want of memory or of a device
            return self._failed(name_of(source), str(error))
        except Exception as error:
            name = name_of(source)
            _log.exception("internal error on %r", name)
            return self._failed(name, f"internal error, please report it: {error!r}")

    def _failed(self, name: str, reason: str) -> Prediction:
        reason = " ".join(reason.split())[:_LONGEST_REASON]
        return Prediction(name, self.model, error=reason, settings=self.settings)

    def predict_batch(
        self,
        sources: Iterable[Source | ImageError],
        *,
        batch_size: int | None = None,
        workers: int | None = None,
    ) -> Generator[Prediction, None, None]:
        """Classify many pictures in threads.

        Each thread takes a picture from its bytes to its verdict. With `threads=1` on the CPU they
        also score side by side; otherwise the model runs once at a time, on the faces that several
        threads have ready.

        A lazy generator: only a few pictures for each thread are in memory, and nothing is read
        until the first prediction is requested.

        Args:
            sources: Pictures, each as for `predict`; a list even of a single one.
            batch_size: Faces scored at once; None for 1 on the CPU, 4 with OpenVINO and 8
                elsewhere.
            workers: Threads; None for one per processor, and some that wait for the model.

        Returns:
            A generator of one prediction per source, in order; for a picture that cannot be read,
            one with `error` set.

        Raises:
            TypeError: `sources` is a single picture.
            ValueError: `batch_size` or `workers` is out of its range.
        """
        if _is_one_picture(sources):
            kind = type(sources).__name__
            raise TypeError(
                f"predict_batch takes a list of pictures, got a {kind}:"
                " write predict(picture), predict_batch([picture]) or scan(folder)"
            )
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        workers = self.default_workers(batch_size) if workers is None else workers
        if not 1 <= workers <= MAX_THREADS:
            raise ValueError(f"workers must be 1 to {MAX_THREADS}, got {workers}")
        judge = partial(self.judge, batch_size=batch_size)
        return bounded_map(judge, sources, workers=workers, limit=2 * workers + 1)

    def default_workers(self, batch_size: int | None = None) -> int:
        """Threads that keep processors and model busy.

        Args:
            batch_size: As for `predict_batch`.

        Returns:
            One for each processor; where the model runs once at a time, as many more as wait for
            it.
        """
        waiting = 0 if self.classifier.side_by_side else batch_size or self.classifier.batch_size
        return min(default_threads() + waiting, MAX_THREADS)

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
            batch_size: As for `predict_batch`.
            workers: As for `predict_batch`.

        Returns:
            A generator of one prediction per picture, in the order of their paths; for a picture or
            a folder that cannot be read, one with `error` set.

        Raises:
            NotFoundError: A folder or file given does not exist (a FileNotFoundError too).
            TypeError: A folder is given as bytes.
            ValueError: As for `predict_batch`.
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


_LONGEST_REASON = 300


def _suspicion(prediction: Prediction) -> tuple[float, bool]:
    """Order frames: the most suspicious last, and those without any face first."""
    p_fake = prediction.p_fake
    return -1.0 if p_fake is None else p_fake, bool(prediction.faces)


def _is_one_picture(sources: object) -> bool:
    """Whether Python would go through the letters, rows or columns of what is no list."""
    if isinstance(sources, _ONE) or hasattr(sources, "read"):
        return True
    return hasattr(sources, "__array_interface__") and len(getattr(sources, "shape", (0, 0, 0))) < 4
