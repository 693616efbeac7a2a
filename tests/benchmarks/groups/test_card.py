import re

import pytest

from benchmarks.groups._card import BEGIN, END, card_section, replace_section
from fakeface.model_directory import DEFAULT_MODEL, MODELS, read_model
from tests.conftest import ROOT


def row(n, fake, alarm=False):
    rate = [fake, fake / 2, 2 * fake]
    return {"n": n, "fake": rate, "uncertain": [0.1, 0.05, 0.2], "alarm": alarm}


def result(**more):
    test = {
        "all": {"groups": {"all": row(300, 0.02)}, "p": None},
        "kind": {"groups": {"press": row(12, 0.0), "studio": row(120, 0.05, True)}, "p": 0.0004},
        "origin": {"groups": {"somewhere": row(200, 0.01)}, "p": 0.5},
        **more,
    }
    unseen = {
        "all": {"groups": {"all": row(90, 0.03)}, "p": None},
        "kind": {"groups": {"press": row(40, 0.01), "web": row(3, 0.0)}, "p": None},
    }
    return {"results": {"test": {"m": test}, "unseen": {"m": unseen}}}


def test_the_section_has_both_splits_side_by_side_and_says_what_it_cannot():
    text = card_section(result(), "m")
    assert text.startswith(BEGIN) and text.endswith(END)
    assert "| all | 300 | 2.0 [1, 4] | 10.0 [5, 20] | 90 | 3.0 [2, 6] | 10.0 [5, 20] |" in text
    assert "| kind: press | 12 | 0.0 [0, 0] |" in text  # 40 in the other split
    assert "| studio | 120 | 5.0 [2, 10] | 10.0 [5, 20] | – | – | – |" in text
    assert "somewhere |" not in text  # origins stand elsewhere in the card
    assert "| web" not in text
    assert "kind < .001, –; origin .500, –" in text
    assert "over twice as often as all: kind studio on `test` (5.0 [2, 10] %)" in text
    assert "What this cannot say" in text
    assert "Their age and sex are not known." in text
    assert "(`python -m benchmarks groups --model m --data FOLDER`)" in text
    more = card_section(result(Age={"groups": {"old": row(40, 0.0)}, "p": 1.0}), "m")
    assert "Their sex is not known." in more


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    card = tmp_path / "card.md"
    card.write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n", encoding="utf-8")
    replace_section(card, card_section(result(), "m"))
    replace_section(card, f"{BEGIN}\nnew\n{END}")
    assert card.read_text(encoding="utf-8") == f"# Before\n\n{BEGIN}\nnew\n{END}\n\nAfter\n"
    for wrong in ("none", f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}"):
        card.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match=r"card\.md: needs one line"):
            replace_section(card, f"{BEGIN}\nnew\n{END}")
        assert card.read_text(encoding="utf-8") == wrong


def test_the_card_of_the_default_model_has_the_table():
    text = (MODELS / DEFAULT_MODEL / "README.md").read_text(encoding="utf-8")
    notes = (ROOT / "export" / "cards" / f"{DEFAULT_MODEL}.md").read_text(encoding="utf-8")
    section = text[text.index(BEGIN) : text.index(END)]
    assert section in notes
    assert len(re.findall(r"^\| .*\d \[\d+, \d+\]", section, re.M)) >= 10
    for tone in ("very light", "light", "intermediate", "tan", "brown or dark"):
        assert re.search(rf"^\| (skin tone \(ITA\): )?{tone} \|", section, re.M)
    assert read_model(MODELS / DEFAULT_MODEL).version in text
