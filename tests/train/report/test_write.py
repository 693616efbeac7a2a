"""The page of a run, of a small training with some labels that are wrong on purpose."""

import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="needs the extra `train`")
from tests.train.conftest import fill, picture
from train._app import app
from train.data._cache import Cache
from train.errors import DataError
from train.evaluate._scores import Scores
from train.fitting._fit import fit
from train.fitting._read_data import Selection, read_data
from train.fitting._run import load_run
from train.recipes._recipe import load_recipe
from train.report import write_report
from train.report._worst import worst

pytestmark = pytest.mark.train

HOSTILE = "a<script>alert(1)<_script>&.png"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose AI pictures and photographs partly look alike, so that it makes mistakes."""
    folder = tmp_path_factory.mktemp("report")
    fill(folder / "faces" / "AI" / "gan", 20, 0, noisy=False)
    fill(folder / "faces" / "AI" / "noisy", 20, 100, noisy=True)
    fill(folder / "faces" / "Real" / "phones", 20, 200, noisy=True)
    fill(folder / "faces" / "Real" / "soft", 20, 300, noisy=False)
    for number in range(10):
        picture(400 + number, noisy=False).save(
            folder / "faces" / "Real" / "soft" / f"{number}{HOSTILE}"
        )
    settings = ("backbone.name=efficientnet-lite0", "crop.size=64", "faces=whole", "fit.epochs=2")
    recipe, cache = load_recipe("report", settings), Cache(folder / "cache")
    data = read_data(folder / "faces", recipe, cache, Selection())
    return fit(recipe, data, cache, folder / "run"), cache


def test_the_page_shows_the_run_and_its_mistakes(run, tmp_path):
    made, cache = run
    page = write_report(made, tmp_path / "report.html", cache, None, 3).read_text(encoding="utf-8")
    for words in ("On test", "Learning curves", "f1-score", "Real/soft", "[backbone]",
                  "the threshold for at most 60% false alarms", "What these figures cannot say",
                  made.info["data"]["fingerprint"]):  # fmt: skip
        assert words in page
    alarms, misses = worst(made, made.scores("test"), 3)
    assert alarms or misses
    assert ("Photographs called fake" in page) == bool(alarms)
    assert ("AI pictures called real" in page) == bool(misses)
    assert page.count("data:image/jpeg;base64,") == len(alarms) + len(misses)
    assert page.count("data:image/png;base64,") == 3
    assert {path.name for path in tmp_path.iterdir()} == {"report.html"}


def test_the_page_loads_nothing_and_runs_nothing(run, tmp_path):
    made, cache = run
    page = write_report(made, tmp_path / "report.html", cache, None, 50).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    assert "url(" not in style


def test_without_its_pictures_the_page_says_how_to_get_them(run, tmp_path):
    made, cache = run
    moved = load_run(made.path)
    moved.info["folder"] = str(tmp_path / "gone")
    page = write_report(moved, tmp_path / "report.html", cache, None, 3).read_text()
    assert "--data FOLDER" in page
    assert "data:image/jpeg" not in page
    with pytest.raises(DataError, match="is not a folder"):
        write_report(moved, tmp_path / "report.html", cache, tmp_path / "gone", 3)
    assert (
        "data:image/jpeg"
        not in write_report(
            moved, tmp_path / "other.html", cache, made.path.parent / "faces", 0
        ).read_text()
    )


def test_a_picture_that_is_gone_is_named_all_the_same(run, tmp_path):
    made, cache = run
    moved = load_run(made.path)
    fill(tmp_path / "faces" / "AI" / "gan", 2, 0, noisy=False)
    fill(tmp_path / "faces" / "Real" / "phones", 2, 200, noisy=True)
    page = write_report(moved, tmp_path / "r.html", cache, tmp_path / "faces", 50).read_text()
    alarms, misses = worst(made, made.scores("test"), 50)
    assert page.count('class="card mistake"') == len(alarms) + len(misses)


def test_the_worst_come_first(run):
    made, _ = run
    scores = made.scores("test")
    extreme = replace(scores, logits=scores.logits * 0 + 50.0 * (scores.labels == 0) - 25)
    alarms, misses = worst(made, extreme, 4)
    assert len(alarms) == len(misses) == 4
    alarms, misses = worst(made, scores, 100)
    assert [m.p_fake for m in alarms] == sorted((m.p_fake for m in alarms), reverse=True)
    assert [m.p_fake for m in misses] == sorted(m.p_fake for m in misses)
    assert all(m.origin.startswith("Real/") for m in alarms)
    nothing = Scores([], scores.labels[:0], scores.origins[:0], scores.logits[:0])
    assert worst(made, nothing, 4) == ([], [])


def test_from_the_command_line(run):
    made, cache = run
    said = CliRunner().invoke(app, ["report", str(made.path), "--cache", str(cache.root)])
    assert said.exit_code == 0, said.output
    assert str(made.path / "report.html") in said.output
    assert (made.path / "report.html").is_file()
    said = CliRunner().invoke(app, ["report", str(made.path / "none")])
    assert said.exit_code == 2
    assert "is no finished run" in said.output
