"""Create a run directory, and check what it holds already."""

from __future__ import annotations

import json
from pathlib import Path

from train.data._dataset import Data
from train.data._locate import finder_id
from train.errors import RecipeError, RunError
from train.fitting._run import INFO, write_json, write_text
from train.recipes._recipe import Recipe, recipe_from_dict, to_toml

RUN_MANIFEST = "run-manifest.json"
"""Manifest of an unfinished run: its recipe and data, which must match to resume it."""


def refuse_finished(out: Path) -> None:
    """Raise `RunError` if the directory holds a finished run."""
    if (out / INFO).exists():
        raise RunError(f"{out} holds a finished run; choose another -o, or remove it")


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
    manifest = {"recipe": recipe.as_dict(), "data": data_identity(recipe, data)}
    plain = json.loads(json.dumps(manifest))
    if (out / RUN_MANIFEST).exists() and any(path.is_dir() for path in out.iterdir()):
        try:
            before = json.loads((out / RUN_MANIFEST).read_text(encoding="utf-8"))
            before["recipe"] = json.loads(json.dumps(recipe_from_dict(before["recipe"]).as_dict()))
        except (OSError, ValueError, KeyError, TypeError, RecipeError) as error:
            raise RunError(
                f"{out / RUN_MANIFEST}: {error}; choose another -o, or remove {out}"
            ) from error
        for key, what in (("recipe", "of another recipe"), ("data", "on other data or faces")):
            if before.get(key) != plain[key]:
                raise RunError(
                    f"{out} holds a run that was stopped, {what}: choose another -o, or remove it"
                )
    write_json(out / RUN_MANIFEST, manifest)
    write_text(out / "recipe.toml", to_toml(recipe))


def data_identity(recipe: Recipe, data: Data) -> dict[str, str]:
    """Return what must match before a run can be resumed."""
    return {"fingerprint": data.fingerprint(), "face_finder": finder_id(recipe.faces)}
