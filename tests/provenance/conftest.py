from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def trust_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate that vouches for `ACME`."""
    from tests.provenance._sign import ACME, authority

    path = tmp_path_factory.mktemp("trust") / "list.pem"
    path.write_text(authority(ACME).root)
    return path
