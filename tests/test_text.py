import pytest

from fakeface._text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("holiday/IMG 1.jpg", "holiday/IMG 1.jpg"),
        ("naïve 写真.png", "naïve 写真.png"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),  # right-to-left override
        ("caf\udce9.jpg", "caf\\udce9.jpg"),  # a byte that is not UTF-8
    ],
)
def test_what_could_move_a_terminal_is_escaped(text, shown):
    assert printable(text) == shown
    assert printable(text).encode()
