"""The parts of a record that a scan needs in order to resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fakeface.types import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a record that a scan needs in order to resume.

    Attributes:
        source: Name of the picture.
        verdict: Its verdict; None if it could not be read.
        digest: Digest of its bytes; None if there is none.
        settings: Fingerprint of the detector.
        declared_ai: Whether the file declares that AI made or changed the picture.
    """

    source: str
    verdict: Verdict | None
    digest: bytes | None
    settings: str
    declared_ai: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Row:
        """Extract it from a record with the keys of `Prediction.as_dict`.

        Raises:
            ValueError, KeyError, TypeError: It is not a record.
        """
        source, verdict, digest = record["source"], record["verdict"], record["digest"]
        if not isinstance(source, str):
            raise TypeError(source)
        said = record.get("provenance") or record
        return cls(
            source,
            Verdict(verdict) if verdict else None,
            bytes.fromhex(digest) if digest else None,
            record["settings"],
            said.get("declared") == "ai",
        )

    @property
    def key(self) -> bytes:
        """The name hashed to 16 bytes, for large indices."""
        return key_of(self.source)


def key_of(source: str) -> bytes:
    """Return the name of a picture hashed to 16 bytes."""
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
