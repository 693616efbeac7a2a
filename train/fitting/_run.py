"""Run directories: everything that a training writes, and what `export` reads.

docs/training.md lists the files. `model.keras` is the network: `image`, RGB of 0 to 255,
[n, S, S, 3] -> P(Real), [n, 1]; preprocessing inside; a layer `logit` before the sigmoid. A head on
an encoder is in `head.npz` instead. `run.json` is written last: a directory without it is
unfinished.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface import OperatingPoint, Thresholds
from fakeface.files import replacing
from train.data._locate import finder_id
from train.errors import RecipeError, RunError
from train.evaluate._calibration import Calibration
from train.evaluate._scores import Scores, read_scores
from train.recipes._recipe import EncoderRecipe, Recipe, recipe_from_dict, to_toml

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from train.data._dataset import Data
    from train.networks._cam import LinearHead
    from train.networks._encoder_head import EncoderHead

FORMAT = 1
"""Version of the format of `run.json`."""

MODEL, HEAD, INFO = "model.keras", "head.npz", "run.json"

RUN_MANIFEST = "run-manifest.json"
"""Manifest of an unfinished run: its recipe and data, which must match to resume it."""


class Run:
    """A finished run; the model is loaded when first used.

    Attributes:
        path: The run directory.
        info: What `run.json` says.
        recipe: What made it.
        calibration: Temperature and bias.
        operating_points: Thresholds on calibrated `p_fake` for false positive rates.
        thresholds: Default thresholds between the verdicts.
    """

    def __init__(self, path: Path, info: dict[str, Any]) -> None:
        """Open a run from the contents of its `run.json`."""
        self.path = path
        self.info = info
        self.recipe: Recipe = recipe_from_dict(info["recipe"], str(path), known_only=True)
        self.calibration = Calibration(**info["calibration"])
        self.operating_points = tuple(OperatingPoint(**p) for p in info["operating_points"])
        self.thresholds = Thresholds(**info["thresholds"])

    @property
    def combined_from(self) -> dict[str, Any]:
        """The entry `averaged` of `run.json`, where the run is an average of others."""
        return {key: self.info[key] for key in ("averaged",) if key in self.info}

    @cached_property
    def model(self) -> keras.Model:
        """The detector, from `image` to P(Real).

        Raises:
            RunError: The file is missing or broken.
        """
        import keras

        try:
            return keras.models.load_model(self.path / MODEL, compile=False)
        except (OSError, ValueError, TypeError) as error:
            raise RunError(f"{self.path / MODEL}: {error}") from error

    @cached_property
    def head(self) -> EncoderHead:
        """The head on an encoder.

        Raises:
            RunError: The file is missing or broken.
        """
        from train.networks._encoder_head import load_head

        return load_head(self.path / HEAD)

    def outputs(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Score pictures as the exported model will.

        Args:
            image: RGB of 0 to 255, uint8 or float, shape [n, S, S, 3].

        Returns:
            `p_fake`, float32, shape [n]: calibrated probability of AI. Where the head is linear
            (`train.networks._cam`), also `cam`, float32, shape [n, h, w]: what each place adds to
            the calibrated logit of AI, whose mean plus `cam_bias` is that logit.
        """
        import tensorflow as tf

        logit, *maps = tf.nest.flatten(self._inside(tf.cast(image, tf.float32), training=False))
        temperature, bias = self.calibration.temperature, self.calibration.bias
        outputs = {"p_fake": tf.sigmoid(-logit[:, 0] / temperature + bias)}
        if self._linear_head is not None:
            cam = tf.tensordot(maps[0], self._linear_head.kernel, 1)
            outputs["cam"] = -cam / temperature
        return outputs

    @property
    def cam_bias(self) -> float | None:
        """Calibrated logit of AI minus the mean of `cam`; None without a `cam`."""
        head = self.head if isinstance(self.recipe, EncoderRecipe) else self._linear_head
        if head is None:
            return None
        return -head.bias / self.calibration.temperature + self.calibration.bias

    def scores(self, split: str) -> Scores:
        """Read the scores of a split that were recorded when it was trained.

        Raises:
            RunError: That split was not scored.
        """
        path = self.path / f"scores-{split}.csv"
        try:
            return read_scores(path)
        except OSError as error:
            raise RunError(f"{path}: {error.strerror}") from error

    @cached_property
    def _linear_head(self) -> LinearHead | None:
        import tensorflow as tf

        from train.networks._cam import linear_head

        with tf.init_scope():  # inside a function being traced, weights would never be loaded
            return linear_head(self.model)

    @cached_property
    def _inside(self) -> keras.Model:
        """The detector up to the logit, and the map under a linear head."""
        import keras
        import tensorflow as tf

        from train.networks._heads import LOGIT

        with tf.init_scope():
            maps = [self._linear_head.feature_map] if self._linear_head else []
            return keras.Model(self.model.input, [self.model.get_layer(LOGIT).output, *maps])


def load_run(path: Path) -> Run:
    """Open a run directory.

    Args:
        path: The directory.

    Returns:
        The run.

    Raises:
        RunError: It is no run directory, unfinished, or of another format.
    """
    try:
        info = json.loads((path / INFO).read_text(encoding="utf-8"))
        if info.get("format") != FORMAT:
            raise RunError(f"{path}: run.json is not of format {FORMAT}; fit it again")
        return Run(path, info)
    except FileNotFoundError as error:
        raise RunError(
            f"{path}: is no finished run (it has no {INFO}); make one with `python -m train fit`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: {INFO}: {error!r}") from error


def create_run(out: Path, recipe: Recipe, data: Data) -> None:
    """Create the run directory and record recipe and data before training.

    Args:
        out: The directory; a stopped run of the same recipe and data in it is resumed.
        recipe: The recipe.
        data: The data.

    Raises:
        RunError: It holds a stopped run of another recipe or on other data.
    """
    out.mkdir(parents=True, exist_ok=True)
    identity = data_identity(recipe, data)
    if (out / RUN_MANIFEST).exists() and any(path.is_dir() for path in out.iterdir()):
        try:
            before = json.loads((out / RUN_MANIFEST).read_text(encoding="utf-8"))
            stopped = recipe_from_dict(before["recipe"], known_only=True)
        except (OSError, ValueError, KeyError, TypeError, RecipeError) as error:
            raise RunError(
                f"{out / RUN_MANIFEST}: {error}; choose another -o, or remove {out}"
            ) from error
        for same, what in (
            (stopped == recipe, "of another recipe"),
            (is_same_data(before.get("data"), identity), "on other data or faces"),
        ):
            if not same:
                raise RunError(
                    f"{out} holds a run that was stopped, {what}: choose another -o, or remove it"
                )
    write_json(out / RUN_MANIFEST, {"recipe": recipe.as_dict(), "data": identity})
    write_text(out / "recipe.toml", to_toml(recipe))


def data_identity(recipe: Recipe, data: Data) -> dict[str, str]:
    """Return what must match before a run can be resumed."""
    return {
        "fingerprint": data.fingerprint(),
        "face_finder": finder_id(recipe.faces),
        "details": data.details_fingerprint(),
    }


def is_same_data(recorded: object, identity: dict[str, str]) -> bool:
    """Whether a run's data are these; runs of older versions have recorded less of them."""
    return isinstance(recorded, dict) and all(
        recorded.get(key, value) == value for key, value in identity.items()
    )


def write_json(path: Path, value: object) -> None:
    """Write JSON for people to read, moved into place when complete."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text, moved into place when complete."""
    write_whole(path, lambda new: new.write_text(text, "utf-8", "backslashreplace"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name with the same ending; move it into place when complete."""
    with replacing(path, suffix=path.suffix) as new:
        write(new)
