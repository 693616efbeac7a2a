"""Recognises errors of a full disk, which every library words in its own way."""

from __future__ import annotations

import errno
import re

_FULL = (errno.ENOSPC, errno.EDQUOT)
_WORDS = re.compile(
    "no space left on device|disk quota exceeded|not enough space on the disk"
    r"|\d+ requested and \d+ written"  # NumPy
    "|errno = (28|122)",  # HDF5
    re.IGNORECASE,
)


def disk_is_full(error: BaseException | None) -> bool:
    """Return whether an error, or one that it comes from, is that of a full disk or quota."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in _FULL) or _WORDS.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
