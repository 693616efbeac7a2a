"""Encoded pictures in memory, their bytes counted over all requests."""

from __future__ import annotations

import io
from threading import Lock

from fakeface._errors import ImageError
from fakeface.serve._refusals import busy


class Upload(io.BytesIO):
    """An encoded picture in memory, with the name that its sender gave it."""

    def __init__(self, name: str, held: Held) -> None:
        """Begin empty.

        Args:
            name: What the picture is called in results.
            held: Counts the bytes until the upload is closed.
        """
        super().__init__()
        self.name = name
        self.size = 0
        self._held = held

    def add(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            HTTPException: All pictures together take too much memory.
        """
        self._held.take(len(data))
        self.size += len(data)
        self.write(data)

    def complete(self) -> Upload | ImageError:
        """Rewind; return the error for a picture without bytes."""
        self.seek(0)
        return self if self.size else ImageError(self.name, "is empty (0 bytes)")

    def close(self) -> None:
        """Free the memory; further calls do nothing."""
        if not self.closed:
            self._held.give(self.size)
        super().close()


class Held:
    """Counts the bytes of pictures in memory, over all requests."""

    def __init__(self, most: int) -> None:
        """Begin with none.

        Args:
            most: Most bytes at once.
        """
        self._most = most
        self._lock = Lock()  # an upload may be closed in any thread
        self.total = 0

    def take(self, number: int) -> None:
        """Count more bytes.

        Raises:
            HTTPException: They are too many.
        """
        with self._lock:
            if self.total + number > self._most:
                raise busy(5)
            self.total += number

    def give(self, number: int) -> None:
        """Count bytes that were freed."""
        with self._lock:
            self.total -= number
