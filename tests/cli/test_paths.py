from __future__ import annotations

from pathlib import Path

from fakeface.cli._paths import expanded


def test_patterns_are_expanded_where_shells_do_not(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "[c].jpg"):
        (tmp_path / name).touch()
    a, b, c = (str(tmp_path / name) for name in ("a.jpg", "b.jpg", "[c].jpg"))
    words = [str(tmp_path / "?.jpg"), c, "none*"]
    assert expanded(words, patterns=True) == [a, b, c, "none*"]
    assert expanded(words, patterns=False) == words
