from __future__ import annotations

from export._card import card
from fakeface.model_directory import MODELS, read_model
from tests.conftest import ROOT


def test_the_card_of_edge_is_what_export_writes_from_its_notes() -> None:
    """Edit `export/cards/edge.md`, never the generated card."""
    notes = (ROOT / "export" / "cards" / "edge.md").read_text(encoding="utf-8")
    written = (MODELS / "edge" / "README.md").read_text(encoding="utf-8")
    assert written == card(read_model(MODELS / "edge"), notes)
