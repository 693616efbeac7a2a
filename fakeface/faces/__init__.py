"""Find the faces of a picture: two BlazeFace networks and the decoding of their boxes."""

from fakeface.faces._finder import Detection, FaceFinder

__all__ = [
    "Detection",
    "FaceFinder",
]
