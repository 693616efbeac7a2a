"""Errors that `train` raises on purpose; each message names the remedy."""

from __future__ import annotations


class TrainError(Exception):
    """Base class of all errors that `train` raises on purpose."""


class DataError(TrainError):
    """The data cannot be trained on."""


class RecipeError(TrainError):
    """A recipe is missing or not valid."""


class WeightsError(TrainError):
    """Weights of a backbone are missing or do not fit."""


class RunError(TrainError):
    """A run directory is missing, broken or unfinished."""
