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
"""Texts of a file that are looked at."""

_MAX_SAME = 4
"""Blocks of one kind that are read."""

_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_C2PA_STORE = b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"


@dataclass(slots=True)
class Blocks:
    """What a container holds beside pixels.

    Attributes:
        mime: MIME type of the container.
        exif: EXIF blocks, each beginning with its TIFF header.
        xmp: XMP packets.
        iptc: IPTC-IIM datasets.
        texts: Keywords and texts of a PNG file.
        comments: Comments of a JPEG or GIF file.
        c2pa: Where the parts of the content credentials start and end.
        trailing: Bytes behind the end of the picture.
        problems: What could not be read.
        unpacked: Bytes of all texts so far.
    """

    mime: str
    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    c2pa: list[tuple[int, int]] = field(default_factory=list)
    trailing: int = 0
    problems: list[str] = field(default_factory=list)
    unpacked: int = 0

    def fits(self, what: str, size: int) -> bool:
        """Return whether a block may be read; one that is too large becomes a problem."""
        if size <= MAX_BLOCK:
            return True
        self.problems.append(f"{what}: {size:,} bytes are more than the {MAX_BLOCK:,} allowed")
        return False

    def full(self, what: str) -> bool:
        """Return whether as many blocks of a kind were read as are: `exif` or `xmp`."""
        return len(self.exif if what == "exif" else self.xmp) >= _MAX_SAME

    def add_exif(self, block: bytes) -> None:
        """Add an EXIF block, with or without the preamble that it has in JPEG."""
        while block.startswith(_EXIF):
            block = block[len(_EXIF) + 1 :]
        if not self.full("exif") and self.fits("exif", len(block)):
            self.exif.append(block)

    def add_xmp(self, packet: bytes) -> None:
        """Add an XMP packet."""
        if not self.full("xmp") and self.fits("xmp", len(packet)):
            self.xmp.append(packet)

    def add_app1(self, segment: bytes) -> None:
        """Add what an APP1 segment of JPEG holds: EXIF or XMP, as its preamble says."""
        if segment.startswith(_EXIF):
            self.add_exif(segment)
        elif segment.startswith(_XMP):
            self.add_xmp(segment[len(_XMP) :])

    def add_iptc(self, block: bytes) -> None:
        """Add IPTC datasets, bare or among the image resources of Photoshop."""
        if not self.fits("iptc", len(block)):
            return
        if block.startswith(b"8BIM"):
            from fakeface.provenance._iptc import from_photoshop

            block = from_photoshop(block)
        if block and len(self.iptc) < _MAX_SAME:
            self.iptc.append(block)


def is_c2pa_store(box: bytes) -> bool:
    """Return whether JUMBF bytes begin with a C2PA manifest store (ISO 19566-5, C2PA 2.1 §11)."""
    return box[4:8] == b"jumb" and box[12:16] == b"jumd" and box[16:32] == _C2PA_STORE
