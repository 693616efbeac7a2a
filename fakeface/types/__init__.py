"""Inputs and results of fakeface: small frozen values."""

from fakeface.types._box import Box
from fakeface.types._prediction import Face, Prediction, ReadPrediction, Source, Verdict
from fakeface.types._provenance import Provenance, Statement

__all__ = [
    "Box",
    "Face",
    "Prediction",
    "Provenance",
    "ReadPrediction",
    "Source",
    "Statement",
    "Verdict",
]
