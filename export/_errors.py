"""What stops an export on purpose, each with a message that says what to do."""

from __future__ import annotations

from train.command_line import CommandError, RejectedError


class ExportError(CommandError):
    """Something that the export needs is missing or of the wrong kind."""


class ParityError(RejectedError):
    """The exported model does not compute what the trained one does."""


class ChanceError(RejectedError):
    """The trained detector is no better than chance."""


class QuantizationRejectedError(RejectedError):
    """A quantised model failed the acceptance test."""
