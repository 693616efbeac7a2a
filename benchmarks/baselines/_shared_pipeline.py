"""Baselines that share fakeface's preprocessing and differ in the runtime."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines._runtimes import RUNTIMES, Network, in_onnxruntime
from fakeface import CropSpec, Detector, FaceFinder, ImageError
from fakeface.images import Picture
from fakeface.inference import MIN_FACE
from fakeface.model_directory import FACE_FINDER, MODELS
from fakeface.preprocessing import crop_picture, preprocess


class SharedPipeline:
    """A network behind fakeface's decoding, face finder and crop; see `OpenBaseline`."""

    def __init__(
        self,
        network: Network,
        finder: FaceFinder,
        spec: CropSpec,
        picture: str,
        threshold: float | None,
        versions: dict[str, str],
        verdict: Callable[[str], float | None] | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            network: Runs the network.
            finder: Finds the faces.
            spec: How faces are cropped.
            picture: A picture with a face.
            threshold: Score from which a picture is called fake.
            versions: Versions of the runtime.
            verdict: Scores a file; None for preprocessing followed by the network.

        Raises:
            ValueError: There is no face in the picture.
        """
        self._run = network
        self._spec = spec
        self._finder = finder
        self._verdict = verdict
        crops = preprocess(picture, finder, spec, MIN_FACE).crops
        if not len(crops):
            raise ValueError(f"{picture}: no face large enough, so nothing to measure")
        self._crop = np.ascontiguousarray(crops[:1])
        self.precision = network.precision
        self.threshold = threshold
        self.versions = {"fakeface": version("fakeface"), **versions}

    def network(self) -> object:
        """See `OpenBaseline.network`."""
        return self._run(self._crop)

    def verdict(self, path: str) -> float | None:
        """See `OpenBaseline.verdict`."""
        if self._verdict is not None:
            return self._verdict(path)
        crops = preprocess(path, self._finder, self._spec, MIN_FACE).crops
        return float(self._run(crops).max()) if len(crops) else None

    def score(self, path: str) -> tuple[float | None, str]:
        """See `OpenBaseline.score`; without a face the full picture is scored."""
        try:
            p_fake = self.verdict(path)
            if p_fake is not None:
                return p_fake, "finder"
            crop = crop_picture(Picture(path), None, self._spec)
        except ImageError:
            return None, "unreadable"
        return float(self._run(crop[np.newaxis])[0]), "whole"


def open_shared_pipeline(job: dict[str, Any]) -> SharedPipeline:
    """Open one; `job` as for `benchmarks.baselines._worker.open_baseline`.

    `kind` is `onnxruntime` or one of `RUNTIMES`; `file` is a model directory or a run
    directory; `crop` says how faces are cropped; `precision` is for OpenVINO.
    """
    file, spec, verdict = Path(job["file"]), CropSpec(**job["crop"]), None
    if job["kind"] == "onnxruntime":  # as it ships
        detector = Detector(file, "cpu", job["threads"])
        assert detector.finder is not None
        network, finder = in_onnxruntime(detector.classifier), detector.finder

        def verdict(path: str) -> float | None:
            return detector.predict(path).p_fake

    else:
        network = RUNTIMES[job["kind"]](file, job["threads"], job.get("precision", ""))
        finder = FaceFinder(MODELS / FACE_FINDER)
    versions = {name: version(name) for name in (*network.packages, "pillow")}
    return SharedPipeline(
        network, finder, spec, job["picture"], job.get("threshold"), versions, verdict
    )
