"""Inputs and results of fakeface: small frozen values."""

from fakeface.types._box import Box
from fakeface.types._prediction import Face, Prediction, ReadPrediction
from fakeface.types._provenance import Provenance, Statement
from fakeface.types._source import Source
from fakeface.types._verdict import Verdict

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
