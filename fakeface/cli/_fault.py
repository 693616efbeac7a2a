"""What fakeface says of its own faults. Imports nothing that may be what failed."""

from __future__ import annotations

import contextlib
import sys
import traceback

from fakeface._text import printable

FAULT = 70
"""Exit code of a fault, EX_SOFTWARE of sysexits.h; Python's own would be 1, that of a finding."""


def fault(error: Exception) -> int:
    """Ask on standard error to report an error that nobody expected.

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
