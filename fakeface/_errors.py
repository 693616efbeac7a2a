"""Everything that fakeface raises on purpose.

The tree:

    FakefaceError
    ├── ImageError      a picture could not be read (source, reason)
    ├── ModelError      a model directory is missing, broken or of another kind (model, reason)
    ├── ProviderError   an execution provider is not there (requested, available)
    └── ReportError     results cannot be written or continued (target, reason)

`Detector.predict` raises them; `Detector.predict_batch` and `Detector.scan` turn every
`ImageError` into a record (`Prediction.error`), so that one bad file never stops a batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from fakeface._text import printable


class FakefaceError(Exception):
    """Base class of all errors that fakeface raises on purpose."""


class ImageError(FakefaceError):
    """A picture could not be read.

    Attributes:
        source: Name of the picture: its path, or `<bytes>`, `<array>` and the like.
        reason: What is wrong with it, in one line.
    """

    def __init__(self, source: str, reason: str) -> None:
        """Keep `source` and `reason`; the message is `source: reason` in one printable line."""
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        """Give `source: reason` with control characters escaped."""
        return f"{printable(self.source)}: {printable(self.reason)}"


class ModelError(FakefaceError):
    """A model directory is missing, broken, or not of the kind asked for.

    Attributes:
        model: Name or path of the model.
        reason: What is wrong with it, and the remedy.
    """

    def __init__(self, model: str, reason: str) -> None:
        """Keep `model` and `reason`."""
        super().__init__(model, reason)
        self.model = model
        self.reason = reason

    def __str__(self) -> str:
        """Give `model MODEL: reason`."""
        return f"model {printable(self.model)}: {self.reason}"


class ProviderError(FakefaceError):
    """An execution provider was asked for that this installation does not have, or cannot start.

    Attributes:
        requested: The name asked for.
        available: The names that would work here.
    """

    def __init__(self, requested: str, available: Sequence[str], reason: str = "") -> None:
        """Keep `requested` and `available`; `reason` says more where there is more to say."""
        super().__init__(requested, tuple(available), reason)
        self.requested = requested
        self.available = tuple(available)
        self.reason = reason

    def __str__(self) -> str:
        """Say what was asked for, what there is, and the remedy."""
        text = f"execution provider {self.requested!r}"
        if self.requested.lower() in self.available:
            text += " is installed, but does not start"
        else:
            text += f" is not available here; available: {', '.join(self.available)}"
        return f"{text}. {self.reason}" if self.reason else text


class ReportError(FakefaceError):
    """Results cannot be written, or cannot be continued.

    Attributes:
        target: The file of results, or the name of the format.
        reason: What is wrong, and the remedy.
    """

    def __init__(self, target: str, reason: str) -> None:
        """Keep `target` and `reason`."""
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        """Give `target: reason` in one printable line."""
        return f"{printable(self.target)}: {printable(self.reason)}"


def reason_of(error: OSError) -> str:
    """One line for an error of the operating system."""
    return (error.strerror or str(error) or type(error).__name__).lower()
