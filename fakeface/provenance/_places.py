"""Where each format keeps metadata: all places that are read, as docs/provenance.md lists them."""

from __future__ import annotations

_TAGS = ("EXIF tag 33723", "EXIF tag 34377")
_PACKET = "EXIF tag 700"

PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "EXIF": {
        "JPEG": ("APP1",),
        "PNG": ("`eXIf`", "raw profile `exif`", "raw profile `APP1`"),
        "WebP": ("`EXIF`",),
        "AVIF, HEIC": ("item `Exif`",),
        "TIFF": ("directory",),
        "GIF": (),
    },
    "XMP": {
        "JPEG": ("APP1", "APP1, extended", _PACKET),
        "PNG": ("`XML:com.adobe.xmp`", "raw profile `xmp`", "raw profile `APP1`", _PACKET),
        "WebP": ("`XMP `", _PACKET),
        "AVIF, HEIC": ("item `mime`", "box `uuid`", _PACKET),
        "TIFF": (_PACKET,),
        "GIF": ("`XMP Data`",),
    },
    "IPTC": {
        "JPEG": ("APP13", *_TAGS),
        "PNG": ("raw profile `iptc`", "raw profile `8bim`", *_TAGS),
        "WebP": _TAGS,
        "AVIF, HEIC": _TAGS,
        "TIFF": _TAGS,
        "GIF": (),
    },
    "text": {
        "JPEG": ("COM", "APPn `AIGC`"),
        "PNG": ("`tEXt`", "`zTXt`", "`iTXt`", "`comf`", "`AIGC`"),
        "WebP": (),
        "AVIF, HEIC": (),
        "TIFF": (),
        "GIF": ("comment",),
    },
    "C2PA": {
        "JPEG": ("APP11",),
        "PNG": ("`caBX`",),
        "WebP": ("`C2PA`",),
        "AVIF, HEIC": ("box `uuid`",),
        "TIFF": ("tag 52545",),
        "GIF": ("`C2PA_GIF`",),
    },
}
"""Places by kind of metadata and format; a format without one has no such place of its own. Every
EXIF block may hold XMP and IPTC in its first directory, as TIFF does."""
