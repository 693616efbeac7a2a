"""Everything that fakeface raises on purpose.

The tree:

    FakefaceError
    ├── ImageError      a picture could not be read (source, reason)
    ├── ModelError      a model directory is missing, broken or of another kind (model, reason)
    ├── NotFoundError   a file or folder to scan does not exist; also a FileNotFoundError
    ├── ProviderError   an execution provider is not available (requested, available)
    └── ReportError     results cannot be written or resumed (target, reason)

`Detector.predict` raises them; `Detector.predict_batch` and `Detector.scan` turn every
`ImageError` into a prediction with `error` set, so that one bad file never stops a batch.
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
        reason: Why, in one line.
    """

    def __init__(self, source: str, reason: str) -> None:
        """Store `source` and `reason`; the message is `source: reason` in one printable line."""
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        """Return `source: reason` with control characters escaped."""
        return f"{printable(self.source)}: {printable(self.reason)}"


class ModelError(FakefaceError):
    """A model directory is missing, broken, or of another kind.

    Attributes:
        model: Name or path of the model.
        reason: What is wrong with it, and how to fix it.
    """

    def __init__(self, model: str, reason: str) -> None:
        """Store `model` and `reason`."""
        super().__init__(model, reason)
        self.model = model
        self.reason = reason

    def __str__(self) -> str:
        """Return `model MODEL: reason`."""
        return f"model {printable(self.model)}: {self.reason}"


class NotFoundError(FakefaceError, FileNotFoundError):
    """A file or folder to scan does not exist.

    Attributes:
        filename: Its path.
    """


class ProviderError(FakefaceError):
    """The requested execution provider is not installed here, or does not start.

    Attributes:
        requested: The requested name.
        available: The names that work here.
    """

    def __init__(self, requested: str, available: Sequence[str], reason: str = "") -> None:
        """Store `requested` and `available`; `reason` may say more."""
        super().__init__(requested, tuple(available), reason)
        self.requested = requested
        self.available = tuple(available)
        self.reason = reason

    def __str__(self) -> str:
        """Return what was requested, what is available, and the reason."""
        text = f"execution provider {self.requested!r}"
        if self.requested.lower() in self.available:
            text += " is installed, but does not start"
        else:
            text += f" is not available here; available: {', '.join(self.available)}"
        return f"{text}. {self.reason}" if self.reason else text


class ReportError(FakefaceError):
    """Results cannot be written, or a scan cannot resume from them.

    Attributes:
        target: The file of results, or the name of the format.
        reason: What is wrong, and how to fix it.
    """

    def __init__(self, target: str, reason: str) -> None:
        """Store `target` and `reason`."""
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        """Return `target: reason` in one printable line."""
        return f"{printable(self.target)}: {printable(self.reason)}"


def reason_of(error: OSError) -> str:
    """Return one line for an error of the operating system."""
    return (error.strerror or str(error) or type(error).__name__).lower()
