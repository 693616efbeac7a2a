"""The detector as a static site: the same models, page and verdicts, in the browser of the reader.

`js/` holds the modules that run there. They follow `fakeface` step by step, since verdicts are to
be the same; `tests/export/web` compares both.
"""

from __future__ import annotations

from export.web._npm import PACKAGES
from export.web._site import Site, write_site

__all__ = ["PACKAGES", "Site", "write_site"]
