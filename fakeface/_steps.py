"""The steps of a verdict on one picture, each by itself: preprocess, score, aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fakeface._classifier import Classifier
from fakeface._errors import ImageError
from fakeface._model import AUTO, FACE_FINDER, MODELS, find_model
from fakeface._options import DetectorOptions
from fakeface._preprocess import Preprocessed, locate_heatmaps, preprocess
from fakeface._provider_names import resolve_provider, short_name
from fakeface._providers import default_batch
from fakeface._settings import Settings
from fakeface._verdict import aggregate, choose_thresholds
from fakeface.faces._finder import FaceFinder
from fakeface.provenance._read import load_trust_list, provenance_of
from fakeface.types import Prediction, ReadPrediction, Source

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fakeface.types._heatmap import Method

    _Score = tuple[float, npt.NDArray[np.float32] | None]


class Steps:
    """Both networks in their sessions, and the steps that they are part of.

    The attributes are those of `Detector`.
    """

    def __init__(self, options: DetectorOptions) -> None:
        """Load the models and open their sessions.

        Args:
            options: The settings.

        Raises:
            ModelError: The model does not exist, is broken, or has no such operating point.
            ProviderError: The provider is not available.
            ReportError: The trust list cannot be read.
        """
        anchors = None if options.trust_list is None else load_trust_list(options.trust_list)
        self._read_provenance = (
            partial(provenance_of, anchors=anchors) if options.provenance else None
        )
        model = options.model
        if model == AUTO and "CPU" not in resolve_provider(options.provider)[0]:
            model = None  # int8 is for CPUs
        path = find_model(None if model is None else Path(model))
        self.options = options
        self.finder: FaceFinder | None = None
        with ThreadPoolExecutor(1) as pool:  # ONNX Runtime opens two sessions in the time of one
            finder = None if options.whole else pool.submit(FaceFinder, MODELS / FACE_FINDER)
            self.classifier = Classifier(
                path, options.provider, options.threads, options.session_options
            )
            if finder is not None:
                self.finder = finder.result()
        self.batch_size = default_batch(self.classifier.session.get_providers()[0])
        self.whole = options.whole
        self.min_face = options.min_face
        self.frames = options.frames
        method = self.classifier.method
        explain = method == "cam" if options.explain is None else options.explain
        self.heatmaps: Method | None = method if explain else None
        self.info = self.classifier.info
        self.model = self.info.name
        self.thresholds = choose_thresholds(
            self.info, self.classifier.thresholds, options.threshold, options.fpr
        )
        self.settings = Settings(
            self.info,
            self.thresholds,
            None if self.finder is None else self.finder.info.sha256,
            self.min_face,
            self.frames,
        ).fingerprint

    @property
    def one_processor_a_run(self) -> bool:
        """Whether a run of the model takes one processor alone, so that many can go side by side.

        So it is with `threads=1` on the CPU.
        """
        session = self.classifier.session
        cpu = short_name(session.get_providers()[0]) == "cpu"
        return cpu and session.get_session_options().intra_op_num_threads == 1

    def preprocess(self, source: Source) -> Preprocessed:
        """Decode a picture, find its faces and crop them: the first step of `predict`.

        Args:
            source: As for `predict`.

        Returns:
            The faces, and the crops of those that are large enough.

        Raises:
            ImageError: The picture cannot be read.
        """
        return preprocess(
            source,
            self.finder,
            self.classifier.crop,
            self.min_face,
            self._read_provenance,
            self.frames,
        )

    def score(self, crops: npt.NDArray[np.uint8]) -> Sequence[_Score]:
        """Run the model on crops: the second step of `predict`.

        Args:
            crops: As `preprocess` gives them, RGB, uint8, shape (n, size, size, 3), n at least 1.

        Returns:
            For each crop its `p_fake`, 0 to 1, and its evidence map in logits, float32, shape
            (h, w), or None if `heatmaps` is None.
        """
        if self.heatmaps is None:
            return [(float(p), None) for p in self.classifier.predict(crops)]
        p_fake, maps = self.classifier.explain(crops)
        return list(zip(p_fake.tolist(), maps, strict=True))

    def aggregate(self, preprocessed: Preprocessed, scores: Sequence[_Score]) -> ReadPrediction:
        """Apply the thresholds and put the result together: the last step of `predict`.

        Args:
            preprocessed: From `preprocess`.
            scores: From `score`, one for each crop; empty if there are none.

        Returns:
            The prediction; of several frames that of the most suspicious one, or of the first
            with a face.
        """
        predictions, used = [], 0
        for frame in (preprocessed, *preprocessed.others):
            scored = sum(frame.scored)
            predictions.append(self._aggregate(frame, scores[used : used + scored]))
            used += scored
        return max(predictions, key=_suspicion)  # the first of equal ones

    def _aggregate(self, preprocessed: Preprocessed, scores: Sequence[_Score]) -> ReadPrediction:
        crop, method = self.classifier.crop, self.classifier.method
        maps = [values for _, values in scores if values is not None]
        return aggregate(
            preprocessed,
            [p for p, _ in scores],
            self.thresholds,
            self.model,
            self.settings,
            locate_heatmaps(preprocessed, maps, crop.margin, method) if maps else (),
        )

    def fail(self, error: ImageError) -> Prediction:
        """Make the prediction for a picture that cannot be read.

        Args:
            error: Why it cannot be read.

        Returns:
            The prediction, with `error` set and without a verdict.
        """
        return Prediction(error.source, self.model, error=error.reason, settings=self.settings)


def _suspicion(prediction: Prediction) -> tuple[float, bool]:
    """Order frames: the most suspicious last, and those without any face first."""
    p_fake = prediction.p_fake
    return -1.0 if p_fake is None else p_fake, bool(prediction.faces)
