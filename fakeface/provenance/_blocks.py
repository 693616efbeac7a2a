"""Metadata blocks of a file, as the containers hold them."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_BLOCK = 1 << 20
"""Larger blocks of metadata are not read (but for content credentials, which hold pictures)."""

MAX_C2PA = 32 << 20
"""Larger content credentials are not checked."""

MAX_PARTS = 100_000
"""Chunks, segments, boxes or directory entries of a file that are looked at."""

MAX_TEXT = 4 << 20
"""Bytes of the texts of a PNG file that are looked at, unpacked."""

MAX_TEXTS = 64
"""Texts of a PNG file that are looked at."""


@dataclass(slots=True)
class Blocks:
    """What a container holds beside pixels.

    Attributes:
        mime: MIME type of the container.
        exif: EXIF block, beginning with its TIFF header; None for none.
        xmp: XMP packet.
        iptc: IPTC-IIM datasets.
        texts: Keywords and texts of a PNG file.
        c2pa: Bytes of the content credentials; 0 for none.
        trailing: Bytes behind the end of the picture.
        problems: What could not be read.
        unpacked: Bytes of all texts so far.
    """

    mime: str
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    texts: list[tuple[str, str]] = field(default_factory=list)
    c2pa: int = 0
    trailing: int = 0
    problems: list[str] = field(default_factory=list)
    unpacked: int = 0

    def fits(self, what: str, size: int) -> bool:
        """Return whether a block may be read; one that is too large becomes a problem."""
        if size <= MAX_BLOCK:
            return True
        self.problems.append(f"{what}: {size:,} bytes are more than the {MAX_BLOCK:,} allowed")
        return False


_C2PA_STORE = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"


def is_c2pa_store(box: bytes) -> bool:
    """Return whether JUMBF bytes begin with a C2PA manifest store (ISO 19566-5, C2PA 2.1 §11)."""
    return box[4:8] == b"jumb" and box[12:16] == b"jumd" and box[16:32] == _C2PA_STORE
