"""Report bugs of fakeface itself. Imports nothing that may be what failed."""

from __future__ import annotations

import contextlib
import sys
import traceback

from fakeface._text import printable

FAULT = 70
"""Exit code of an internal error, EX_SOFTWARE of sysexits.h; Python's own, 1, means a finding."""


def fault(error: Exception) -> int:
    """Print an unexpected error and ask the user to report it.

    Args:
        error: The error, being handled.

    Returns:
        The exit code.
    """
    what = printable(" ".join(repr(error).split()))
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
        sys.stderr.write(
            f"fakeface: internal error, please report it with the lines above: {what}\n"
        )
    return FAULT
