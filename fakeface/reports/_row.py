"""What a record of an earlier scan says that matters for going on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fakeface.types import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """What a record says that matters for going on.

    Attributes:
        source: Name of the picture.
        verdict: Its verdict; None where it could not be read.
        digest: Digest of its bytes, if there is one.
        settings: Fingerprint of what judged.
        declared_ai: Whether the file says that AI made or changed the picture.
    """

    source: str
    verdict: Verdict | None
    digest: bytes | None
    settings: str
    declared_ai: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Row:
        """Take it from a record with the keys of `Prediction.as_dict`.

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
        """The name in 16 bytes, for indices that hold very many."""
        return key_of(self.source)


def key_of(source: str) -> bytes:
    """The name of a picture in 16 bytes."""
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
