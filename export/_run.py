"""Exports a training run to a model directory."""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from export._card import card
from export._convert import OPSET, convert
from export._directory import write_model
from export._errors import ChanceError
from export._golden import write_golden
from export._parity import Parity, check, real_crops
from fakeface import ModelInfo
from train.command_line import invocation, silence_tensorflow
from train.data import CLASSES

if TYPE_CHECKING:
    import onnx

    from train.fitting import Run
    from train.recipes import Recipe

LICENCE = (
    "Built on the backbone {}, under its licence, and on the training pictures named in the"
    " provenance, whose licences this file does not know. Many data sets of faces allow research"
    " and non-commercial use only; whether that reaches a model trained on them is a question for"
    " a lawyer."
)
"""Licence notes of a model without hand-written ones."""


def export_run(
    run_path: Path,
    out: Path,
    name: str,
    version: str,
    pictures: Path,
    licence: str | None = None,
    notes: str = "",
    *,
    allow_chance: bool = False,
) -> tuple[ModelInfo, Parity]:
    """Export a run; nothing is written unless the ONNX model agrees with the trained one.

    Args:
        run_path: Run directory of `python -m train fit`.
        out: Model directory to write.
        name: Name of the model.
        version: Version of the model.
        pictures: Folder of real pictures to compare on.
        licence: Licence notes; None for those that follow from the backbone.
        notes: For the model card; see `export._card.card`.
        allow_chance: Export a detector that is no better than chance too; its card then says so.

    Returns:
        The description as written, and the differences from TensorFlow.

    Raises:
        RunError: The run cannot be read.
        ChanceError: The detector is no better than chance on `val`.
        ParityError: The exported model differs from the trained one.
    """
    silence_tensorflow()
    from train.evaluate import chance_warning
    from train.fitting import load_run

    run = load_run(run_path)
    if (warning := chance_warning(run.info["metrics"].get("val", {}))) and not allow_chance:
        raise ChanceError(
            f"{run_path}: {warning.removeprefix('WARNING: ')}. Nothing was written: train on more"
            " pictures, or from pretrained weights; --allow-chance exports it all the same"
        )
    model, parity = _converted(run, pictures)
    info = write_model(
        describe(run, name, version, parity, licence or LICENCE.format(run.recipe.backbone.name)),
        model,
        out,
    )
    (out / "README.md").write_text(card(info, notes), encoding="utf-8")
    write_golden(out)
    return info, parity


def _converted(run: Run, pictures: Path) -> tuple[onnx.ModelProto, Parity]:
    from train.recipes import EncoderRecipe

    if isinstance(run.recipe, EncoderRecipe):
        from export._encoder import convert_encoder

        return convert_encoder(run, run.recipe, pictures)
    import tensorflow as tf

    model = convert(run.outputs, run.recipe.crop.size)

    def in_tensorflow(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        scores: npt.NDArray[np.float32] = run.outputs(tf.constant(crops))["p_fake"].numpy()
        return scores

    crops = real_crops(pictures, run.recipe.crop)
    return model, check(in_tensorflow, runner(model), crops)


def runner(model: onnx.ModelProto) -> Any:
    """Open a graph that is not on disk yet.

    Args:
        model: A classifier's graph.

    Returns:
        A function from crops, uint8 [n, size, size, 3], to `p_fake`, float32 [n].
    """
    from fakeface.inference import open_session

    session = open_session("exported model", model.SerializeToString(), "cpu")

    def run(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        alone = session.get_inputs()[0].shape[0] == 1
        parts = [crop[np.newaxis] for crop in crops] if alone else [crops]
        return np.concatenate([session.run(["p_fake"], {"image": part})[0] for part in parts])

    return run


def cam_share(recipe: Recipe) -> float:
    """Return the side of what the map covers as a share of the crop's."""
    from train.networks import ENCODER_SIDE
    from train.recipes import EncoderRecipe

    return ENCODER_SIDE / recipe.crop.size if isinstance(recipe, EncoderRecipe) else 1.0


def describe(run: Run, name: str, version: str, parity: Parity, licence: str) -> ModelInfo:
    """Describe the model that a run makes.

    Args:
        run: The run.
        name: Name of the model.
        version: Version of the model.
        parity: The differences from TensorFlow.
        licence: Licence notes.

    Returns:
        The description, without hash and path.
    """
    from train.evaluate import chance_warning

    info = run.info
    warning = chance_warning(info["metrics"].get("val", {}))
    return ModelInfo(
        name=name,
        version=version,
        kind="classifier",
        sha256="",
        crop=run.recipe.crop,
        classes=CLASSES,
        thresholds=run.thresholds,
        operating_points=run.operating_points,
        settings={
            "calibration": {
                "temperature": run.calibration.temperature,
                "bias": run.calibration.bias,
                "note": "inside the graph already",
            },
            **({} if run.cam_bias is None else {"cam_bias": run.cam_bias}),
            **({"cam_share": share} if (share := cam_share(run.recipe)) < 1 else {}),
        },
        provenance={
            "recipe": run.recipe.as_dict(),
            "data": {key: info["data"][key] for key in ("fingerprint", "face_finder")},
            "fitted_with": info["versions"],
            "fitted_by": info["command"],
            **({"warning": warning} if warning else {}),
            **run.combined_from,
            "exported_with": {
                package: version_of(package)
                for package in ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime")
            }
            | {"opset": OPSET},
            "exported_by": invocation("export"),
            "parity": parity.as_dict(),
        },
        figures=figures(info["metrics"]),
        licence=licence,
        path=Path(),
    )


def figures(measured: dict[str, Any]) -> dict[str, Any]:
    """Select metrics for a model directory.

    Args:
        measured: Metrics of every split, as the run records them.

    Returns:
        Metrics of `test`, and per origin the fraction that is correct at p_fake 0.5, and the
        fraction called fake; metrics of `unseen` where it was scored.
    """
    kept = ("pictures", "AI", "Real", "auc", "average_precision", "accuracy", "uncertain")
    chosen: dict[str, Any] = {
        split: {
            **{key: measured[split][key] for key in kept},
            "operating_points": measured[split]["operating_points"],
        }
        for split in ("test", "unseen")
        if split in measured
    }
    chosen["test"]["sources"] = {
        source: {key: values[key] for key in ("pictures", "accuracy", "flagged")}
        for source, values in measured["test"]["sources"].items()
    }
    return chosen
