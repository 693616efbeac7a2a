"""From a file, bytes or an array to RGB pixels: sniff, read, decode, within a memory limit."""

from fakeface.images._decode import FORMATS, MAX_PIXELS, Picture, name_of, readable_formats

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Picture",
    "name_of",
    "readable_formats",
]
