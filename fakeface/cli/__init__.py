"""The command line: `fakeface scan`, `predict`, `report`, `serve`, `info`, `doctor`, `bench`.

Nothing heavy (NumPy, ONNX Runtime, Pillow, rich) is imported before a command needs it.
"""

from __future__ import annotations

import contextlib
import sys
import traceback

from fakeface._text import printable

FAULT = 70
"""Exit code of an internal error, EX_SOFTWARE of sysexits.h; Python's own, 1, means a finding."""


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from fakeface.cli._streams import accept_all_characters, replace_closed

        replace_closed()
        accept_all_characters()
        from fakeface.cli._app import app

        app(prog_name="fakeface", windows_expand_args=False)  # patterns of options are meant
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:  # from --version and --help; commands handle their own
        from fakeface.cli._errors import USAGE, one_line, say

        say(one_line(error))
        sys.exit(USAGE)
    except Exception as error:  # not from a command (see `exits`): the installation is broken
        sys.exit(fault(error))


def fault(error: Exception) -> int:
    """Print an unexpected error, ask the user to report it, and return the exit code."""
    what = printable(" ".join(repr(error).split()))
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
        sys.stderr.write(
            f"fakeface: internal error, please report it with the lines above: {what}\n"
        )
    return FAULT
