"""Which files a scan reads: folders, lists, patterns and object stores; and replacing files."""

from __future__ import annotations

from fakeface.files._replacing import replacing
from fakeface.files._walk import walk

__all__ = ["replacing", "walk"]
