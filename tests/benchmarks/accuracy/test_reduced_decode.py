from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app

LARGE = ("ai/p001-selfie.jpg", "ai/p001-studio.jpg", "ai/p002-selfie.jpg", "real/biden.jpg")


def test_large_samples_keep_their_scores(samples: Path, tmp_path: Path) -> None:
    words = ["reduced-decode", str(samples), "-o", str(tmp_path)]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    result = json.loads((tmp_path / "reduced-decode.json").read_text())
    assert (tmp_path / "reduced-decode.md").read_text() in done.stdout
    assert result["pictures"] == len(LARGE)
    changed = result["pictures_with_another_verdict"]
    assert [name for name, *_ in changed] in ([], ["p001-selfie.jpg"])  # next to the threshold
    assert all("uncertain" in verdicts for _, *verdicts in changed)
    assert result["faces_found_in_one_only"] == 0
    assert sum(group["count"] for group in result["faces"].values()) == len(LARGE)
    for group in result["faces"].values():
        assert group["least_overlap"] > 0.9
        assert group["change_of_p_fake"]["most"] < 0.1


def test_pictures_that_are_decoded_whole_say_nothing(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(samples / "real" / "obama.jpg", tmp_path / "in")  # too small
    with Image.open(samples / "ai" / "p001-studio.jpg") as image:
        image.resize((2048, 2048)).save(tmp_path / "in" / "large.png")  # no JPEG
    (tmp_path / "in" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    done = CliRunner().invoke(app, ["draft", str(tmp_path / "in"), "-o", str(tmp_path)])  # old name
    assert done.exit_code == 2
    assert "no face in a JPEG picture with a side of 2,000 pixels" in done.output


@pytest.mark.parametrize("words", [[], ["nowhere"]])
def test_pictures_are_named(words: list[str]) -> None:
    assert CliRunner().invoke(app, ["reduced-decode", *words]).exit_code == 2
