"""Whose signatures on content credentials count: the C2PA's list, or one that the user gives."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from fakeface._errors import ReportError, reason_of

DATE = "2026-08-21"
"""State of the list that comes with fakeface."""


@lru_cache(maxsize=1)
def bundled() -> str:
    """Return the certificates of the C2PA's trust list, in PEM."""
    path = Path(__file__).with_name("trust") / "C2PA-TRUST-LIST.pem"
    return path.read_text("ascii", "replace")


def load_trust_list(path: str | os.PathLike[str]) -> str:
    """Return the certificates of a trust list.

    Raises:
        ReportError: It cannot be read, or holds no certificate; or the extra `c2pa`, without which
            no signature is checked, is not installed.
    """
    try:
        text = Path(path).read_text("ascii", "replace")
    except OSError as error:
        raise ReportError(os.fspath(path), reason_of(error)) from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ReportError(os.fspath(path), "holds no certificate in PEM")
    from fakeface.provenance._c2pa import INSTALL, check_anchors

    try:
        check_anchors(text)
    except ImportError as error:
        raise ReportError(
            os.fspath(path), f"is of use only with the extra c2pa: {INSTALL}"
        ) from error
    except ValueError as error:
        raise ReportError(os.fspath(path), f"holds a broken certificate: {error}") from error
    return text
