"""What a file says of its own origin, beside its pixels: content credentials and other metadata.

    >>> from fakeface import provenance
    >>> provenance.read("portrait.jpg").says  # doctest: +SKIP
    'AI: Acme Images 2 (signed by Acme)'

Markers count only where the format of the file puts them; bytes elsewhere say nothing.
"""

from fakeface.provenance._read import read
from fakeface.provenance._vocabulary import vocabulary
from fakeface.types import Provenance, Statement

__all__ = ["Provenance", "Statement", "read", "vocabulary"]
