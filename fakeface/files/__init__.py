"""Which files a scan judges: folders, lists, patterns and object stores."""

from __future__ import annotations

from fakeface.files._walk import walk

__all__ = ["walk"]
