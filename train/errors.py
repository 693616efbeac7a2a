"""What stops a training on purpose, each with a message that says what to do."""

from __future__ import annotations


class TrainError(Exception):
    """Base class of all errors that `train` raises on purpose."""


class DataError(TrainError):
    """The data cannot be trained on as they are."""


class RecipeError(TrainError):
    """A recipe is not there, or says what cannot be."""


class WeightsError(TrainError):
    """Weights of a backbone are not there, or are not weights of this backbone."""


class RunError(TrainError):
    """A run directory is missing, broken or unfinished."""
