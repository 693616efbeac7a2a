"""Write a file or folder aside, then move it into place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST = 200


@contextmanager
def replacing(
    path: Path,
    *,
    permissions_of: Path | None = None,
    durable: bool = False,
    alone: bool = False,
    suffix: str = "",
) -> Iterator[Path]:
    """Replace a file by a complete new one: readers, and a killed process, never see half of it.

    Args:
        path: The file; if it is a link, the file it points to is replaced. A folder may be written
            too, if nothing, or an empty folder, is at `path`.
        permissions_of: The file whose permissions the new one gets; None for the default ones.
        durable: Whether to wait until the disk holds the new file, so that it also survives a
            power failure.
        alone: Whether nobody else replaces it meanwhile, such as under a lock: what killed
            processes left behind is then removed.
        suffix: What the name of the new file has to end with, for writers that go by it.

    Yields:
        A path beside it that does not exist yet, to be written in the `with` block. On an error
        it is removed, and what is at `path` stays.

    Raises:
        OSError: It cannot be written.
    """
    target = path.resolve()
    if alone:
        _remove_leftovers(target)
    new = target.with_name(f"{_short(target.name)}.{secrets.token_hex(4)}.new{suffix}")
    try:
        yield new
        if durable:
            with new.open("rb+") as file:
                os.fsync(file.fileno())
        if permissions_of is not None:
            shutil.copymode(permissions_of, new)
        new.replace(target)
    except BaseException:
        if new.is_dir():
            shutil.rmtree(new, ignore_errors=True)
        else:
            new.unlink(missing_ok=True)
        raise


def _short(name: str) -> str:
    """A name that more can be put behind: file systems allow 255 bytes."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST:
        return name
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _remove_leftovers(target: Path) -> None:
    left = re.compile(re.escape(_short(target.name)) + r"\.[0-9a-f]{8}\.new(\.[.\w]+)?")
    with contextlib.suppress(OSError):
        for path in target.parent.iterdir():
            if left.fullmatch(path.name) and path.is_file():
                path.unlink()
