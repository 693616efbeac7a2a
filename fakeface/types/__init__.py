"""What fakeface takes and gives: small frozen values without behaviour of their own."""

from fakeface.types._box import Box
from fakeface.types._prediction import Face, Prediction
from fakeface.types._provenance import Provenance, Statement
from fakeface.types._source import Source
from fakeface.types._verdict import Verdict

__all__ = ["Box", "Face", "Prediction", "Provenance", "Source", "Statement", "Verdict"]
