"""From crops to verdicts, step by step: the model's session, its scores, the thresholds.

`Detector` puts these together; they stand here for programs that score crops of their own, or
measure one step.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fakeface._batcher import Batcher, Run, in_batches
from fakeface._crop import CropSpec
from fakeface._errors import ModelError
from fakeface._model import ModelInfo, reopened
from fakeface._model_files import number
from fakeface._processors import default_threads
from fakeface._provider_names import available_providers, short_name
from fakeface._providers import (
    default_batch,
    open_model,
    open_session,
    run_session,
    session_options,
)
from fakeface._thresholds import Thresholds
from fakeface._verdict import aggregate, choose_thresholds, classify
from fakeface.explain._occlusion import occlusion
from fakeface.types._box import MIN_FACE
from fakeface.types._heatmap import Method

if TYPE_CHECKING:
    import onnxruntime as ort

__all__ = [
    "MIN_FACE",
    "Classifier",
    "aggregate",
    "available_providers",
    "choose_thresholds",
    "classify",
    "default_batch",
    "default_threads",
    "occlusion",
    "open_session",
    "session_options",
]

_NO_MAPS = np.empty((0, 1, 1), np.float32)


class Classifier:
    """A classifier in a session, from crops to probabilities.

    Attributes:
        info: The model's description.
        crop: Size, margin and filter of the crops that it takes.
        map_share: Side of what a map covers, the middle of the crop, as a share of the crop's.
        thresholds: The model's default thresholds.
        method: How `explain` makes its maps: `cam` if the model computes them itself, at no cost,
            else `occlusion`, at the cost of some fifty forward passes per face.
        batch_size: Crops that `score` takes at once by default.
        side_by_side: Whether a run takes one processor alone, so that many can go side by side: on
            the CPU with `threads=1`.
    """

    def __init__(
        self,
        path: Path,
        provider: str = "auto",
        threads: int | None = None,
        session_options: ort.SessionOptions | None = None,
    ) -> None:
        """Load, check and open a model.

        Args:
            path: The model's directory.
            provider: `auto`, or the name of an execution provider.
            threads: Threads inside an operator; None for one per processor.
            session_options: Session options to use instead of fakeface's own.

        Raises:
            ModelError: The directory is not a classifier that can run.
            ProviderError: The provider is not available.
        """
        self._arguments = (provider, threads, session_options)
        self.info: ModelInfo
        self.info, self._session = open_model(
            path.absolute(), "classifier", provider, threads, session_options
        )
        assert self.info.crop is not None  # load_model has seen to both
        assert self.info.thresholds is not None
        self.crop: CropSpec = self.info.crop
        self.thresholds: Thresholds = self.info.thresholds
        self.method: Method
        self._check()
        running = self.session.get_providers()[0]
        one = self.session.get_session_options().intra_op_num_threads == 1
        self.side_by_side = short_name(running) == "cpu" and one
        self.batch_size = 1 if self._alone else default_batch(running)
        self._batcher = Batcher()

    @property
    def session(self) -> ort.InferenceSession:
        """The ONNX Runtime session; in a forked process one of its own."""
        return self._session.get()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what opens it again."""
        return reopened(Classifier, self.info, *self._arguments)

    def _check(self) -> None:
        """Raise ModelError unless the graph is the one that `model.json` describes, and works."""
        name = self.info.name
        size = self.crop.size
        inputs = self.session.get_inputs()
        outputs = [output.name for output in self.session.get_outputs()]
        if (
            len(inputs) != 1
            or inputs[0].name != "image"
            or inputs[0].type != "tensor(uint8)"
            or list(inputs[0].shape[1:]) != [size, size, 3]
        ):
            found = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise ModelError(name, f"needs an input image uint8 [N,{size},{size},3], has {found}")
        if "p_fake" not in outputs:
            raise ModelError(name, f"needs an output p_fake, has {', '.join(outputs)}")
        self.method = "cam" if "cam" in outputs else "occlusion"
        self._alone = inputs[0].shape[0] == 1
        self._cam_bias, self.map_share = 0.0, 1.0
        try:
            settings = self.info.settings
            if "cam" in outputs:
                self._cam_bias = number(settings, "cam_bias", -1e4, 1e4)
                self.map_share = number({"cam_share": 1.0, **settings}, "cam_share", 0.1, 1)
        except KeyError as error:
            raise ModelError(name, f"gives a cam, but settings lack {error}") from error
        except ValueError as error:
            raise ModelError(name, f"gives a cam, but settings: {error}") from error
        if self.info.bundled and self.session.get_providers()[0] == "CPUExecutionProvider":
            return  # has run in the tests; every run is checked, and this one takes 10 ms
        ramp = np.arange(size * size * 3).reshape(1, size, size, 3).astype(np.uint8)
        self._run(["p_fake", "cam"] if "cam" in outputs else ["p_fake"], ramp)

    def score(
        self, crops: npt.NDArray[np.uint8], *, explain: bool = False, batch_size: int | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Score crops in batches; the way to run the model from many threads.

        Unless `side_by_side`, the model runs once at a time, on what several threads have ready.

        Args:
            crops: RGB, uint8, shape (n, size, size, 3).
            explain: Whether to map the evidence too.
            batch_size: Most crops in a run; None for the attribute.

        Returns:
            As `explain`; without it there are no maps, and the second array is empty.
        """
        if not len(crops):
            return np.empty(0, np.float32), _NO_MAPS
        run: Run = self.explain if explain else self._without_maps
        size = self.batch_size if batch_size is None else batch_size
        if self.side_by_side:
            p_fake, maps = in_batches(run, crops, size)
        else:
            p_fake, maps = self._batcher.run(run, crops, size)
        return p_fake, maps

    def _without_maps(
        self, crops: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        return self.predict(crops), _NO_MAPS

    def predict(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run the model.

        Args:
            crops: RGB, uint8, shape (n, size, size, 3), n at least 1.

        Returns:
            `p_fake`, float32, shape (n,), 0 to 1.
        """
        return self._run(["p_fake"], crops)[0]

    def _run(
        self, outputs: list[str], crops: npt.NDArray[np.uint8]
    ) -> list[npt.NDArray[np.float32]]:
        """Run the model and check its outputs: a damaged or tampered one may give anything.

        A graph for one crop, whose scores would depend on what else is in a batch, gets them one by
        one.
        """
        if self._alone and len(crops) > 1:
            parts = [self._run(outputs, crop[np.newaxis]) for crop in crops]
            return [np.concatenate(given) for given in zip(*parts, strict=True)]
        name = self.info.name
        given = run_session(name, self.session, outputs, crops)
        p_fake = np.asarray(given[0])
        if p_fake.dtype != np.float32 or p_fake.size != len(crops):
            found = f"{p_fake.dtype} of shape {list(p_fake.shape)}"
            raise ModelError(name, f"gives no p_fake of float32 [{len(crops)}], but {found}")
        p_fake = p_fake.reshape(-1)
        if not ((p_fake >= 0) & (p_fake <= 1)).all():  # NaN neither
            raise ModelError(name, "gives a p_fake that is not within 0 to 1")
        for cam in given[1:]:
            if cam.dtype != np.float32 or cam.ndim != 3 or len(cam) != len(crops):
                found = f"{cam.dtype} of shape {list(cam.shape)}"
                raise ModelError(name, f"gives no cam of float32 [{len(crops)},h,w], but {found}")
            if not np.isfinite(cam).all():
                raise ModelError(name, "gives a cam that is not finite")
        return [p_fake, *given[1:]]

    def explain(
        self, crops: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Run the model and map the evidence for its scores.

        Args:
            crops: RGB, uint8, shape (n, size, size, 3), n at least 1.

        Returns:
            `p_fake`, float32, shape (n,), equal to that of `predict`; and maps of the evidence in
            logits, float32, shape (n, h, w), as in `Heatmap.values`.
        """
        if self.method == "occlusion":
            p_fake = self.predict(crops)
            pairs = zip(crops, p_fake, strict=True)
            return p_fake, np.stack([occlusion(one, float(p), self.predict) for one, p in pairs])
        p_fake, cam = self._run(["p_fake", "cam"], crops)
        # The bias has no position; spread over all of them, it makes the mean of a map its logit.
        return p_fake, cam + np.float32(self._cam_bias)
