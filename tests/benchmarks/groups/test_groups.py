import csv
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.groups._attributes import (
    Attributes,
    automatic_groups,
    is_grey,
    jpeg_quality,
    measure_attributes,
    read_groups,
    sharpness,
    typology_angle,
)
from benchmarks.groups._card import BEGIN, END
from benchmarks.groups._rates import difference_test, rates
from fakeface import FaceFinder, Thresholds
from fakeface.model_directory import FACE_FINDER, MODELS
from train.data import Sample


def flat(*colour):
    return np.full((64, 64, 3), colour, np.uint8)


def sample(name, path=None, **more):
    return Sample(name, path, 1, "photos", "test", name, **more)


def test_the_typology_angle_orders_skin_from_light_to_dark():
    """Against CIELAB by hand: of (224, 172, 105) L* is 74.3, b* 42.9, the angle 29.5 degrees."""
    assert typology_angle(flat(224, 172, 105)) == pytest.approx(29.5, abs=2)
    tones = [(255, 224, 205), (241, 194, 150), (198, 134, 86), (141, 85, 36), (70, 45, 30)]
    angles = [typology_angle(flat(*tone)) for tone in tones]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 55
    assert angles[-1] < -30


@pytest.mark.parametrize("quality", [30, 60, 75, 90, 95])
def test_jpeg_quality_is_read_from_the_tables(tmp_path, quality):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (16, 16)).save(path, quality=quality)
    assert jpeg_quality(path) == pytest.approx(quality, abs=1)
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    assert jpeg_quality(tmp_path / "a.png") is None
    path.write_bytes(b"\xff\xd8\xff")
    assert jpeg_quality(path) is None


def test_a_photograph_is_measured(samples, tmp_path):
    finder = FaceFinder(MODELS / FACE_FINDER)
    path = samples / "real" / "astronaut.png"
    found = measure_attributes(sample("a", path), finder)
    assert 80 < found.face < 160
    assert found.quality is None
    assert found.grey is False
    assert -30 < found.ita < 60
    with Image.open(path) as image:
        image.convert("L").save(tmp_path / "grey.jpg", quality=80)
    grey = measure_attributes(sample("b", tmp_path / "grey.jpg"), finder)
    assert (grey.ita, grey.grey, grey.quality) == (None, True, 80)
    cat = measure_attributes(sample("c", samples / "other" / "cat.png"), finder)
    assert cat == Attributes()
    torn = tmp_path / "torn.png"
    torn.write_bytes(path.read_bytes()[:3000])
    assert measure_attributes(sample("d", torn), finder) == Attributes()


def test_blur_lowers_sharpness_and_grey_is_seen():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    soft = np.asarray(Image.fromarray(noise).resize((16, 16)).resize((64, 64)))
    assert sharpness(soft) < sharpness(noise) / 10
    assert is_grey(flat(90, 90, 91))
    assert not is_grey(noise)


def test_rates_have_intervals_and_large_groups_raise_an_alarm():
    members = ["a"] * 100 + ["b"] * 300 + [""] * 10
    p_fake = np.r_[np.full(10, 0.9), np.full(90, 0.1), np.full(310, 0.1)]
    p_fake[5] = np.nan
    p_fake[50] = 0.4
    found = rates(members, p_fake, Thresholds(fake=0.5, real=0.3))
    assert list(found) == ["a", "b"]
    assert found["a"]["n"] == 99
    assert found["a"]["fake"][0] == pytest.approx(9 / 99, abs=1e-5)
    assert found["a"]["fake"][1] < 9 / 99 < found["a"]["fake"][2]
    assert found["a"]["uncertain"][0] == pytest.approx(1 / 99, abs=1e-5)
    assert not found["a"]["alarm"]  # of 99
    assert found["b"]["fake"][:2] == [0, 0]
    p_fake[5] = 0.1
    assert rates(members, p_fake, Thresholds(fake=0.5, real=0.3))["a"]["alarm"]


def test_bins_are_in_their_order():
    members = ["from 90", "75 to 90", "below 60", "60 to 75", "no JPEG"]
    found = rates(members, np.zeros(5), Thresholds(fake=0.5, real=0.3))
    assert list(found) == ["below 60", "60 to 75", "75 to 90", "from 90", "no JPEG"]
    tones = ["tan", "very light", "brown or dark"]
    assert list(rates(tones, np.zeros(3), Thresholds(fake=0.5, real=0.3))) == [
        "very light",
        "tan",
        "brown or dark",
    ]


def test_the_test_agrees_with_fishers_exact_one():
    from scipy.stats import fisher_exact

    members = ["a"] * 40 + ["b"] * 60
    flagged = np.r_[np.arange(40) < 9, np.arange(60) < 4]
    p = difference_test(members, flagged, np.zeros(100))
    assert p == pytest.approx(fisher_exact([[9, 31], [4, 56]]).pvalue, abs=0.02)
    assert difference_test(["a"] * 100, flagged, np.zeros(100)) is None
    assert difference_test(members, flagged & False, np.zeros(100)) is None


def test_groups_come_from_a_table_the_manifest_and_the_pictures(tmp_path):
    samples = [sample("Real/a.jpg", kind="selfie"), sample("Real/b.jpg", kind="studio")]
    table = tmp_path / "groups.csv"
    table.write_text("path,age,sex\nReal/b.jpg,30-39,\nReal/x.jpg,1,f\n")
    assert read_groups(table, samples) == {"age": ["", "30-39"], "sex": ["", ""]}
    found = automatic_groups(
        samples,
        [Attributes(60.0, 90.0, 10.0, 50, False), Attributes(5.0, 600.0, 99.0, None, False)],
    )
    assert found["kind"] == ["selfie", "studio"]
    assert found["skin tone (ITA)"] == ["very light", "brown or dark"]
    assert found["face, pixels"] == ["below 96", "from 512"]
    assert found["JPEG quality"] == ["below 60", "no JPEG"]
    assert found["sharpness"] == ["softest third", "sharpest third"]
    assert not {"colour", "origin"} & set(found)  # one group alone says nothing
    for text, match in (
        ("name,age\n", "needs the column path"),
        ("path,age\nz,1\n", "none of the"),
    ):
        table.write_text(text)
        with pytest.raises(ValueError, match=match):
            read_groups(table, samples)


def test_the_command(models, faces, without_val, tmp_path):
    card, table = tmp_path / "card.md", tmp_path / "groups.csv"
    card.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "age"])
        rows.writerows((f"Real/ffhq/test{n}.jpg", "20s" if n % 2 else "60s") for n in range(6))
    words = ["groups", "--data", faces, "-m", models[0], "--groups", table, "--card", card]
    words += ["-o", tmp_path / "out", "--cache", tmp_path / "cache"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    assert "`unseen`: n" in done.output
    result = json.loads((tmp_path / "out" / "groups.json").read_text())
    assert result["data"]["photographs"] == 16
    assert result["results"]["test"]["red"]["age"]["groups"]["20s"]["n"] == 3
    assert result["results"]["test"]["red"]["all"]["groups"]["all"]["n"] == 12
    assert "What this cannot say" in card.read_text(encoding="utf-8")
    again = CliRunner().invoke(app, list(map(str, words)))
    assert again.output.splitlines()[4:] == done.output.splitlines()[4:]
    for folder, more, message in (
        (without_val, ["--split", "val"], "no photograph in split val"),
        (faces, ["--card", card, "-m", models[1]], "a card is of one model"),
    ):
        words = ["groups", "--data", folder, "-m", models[0], *more]
        wrong = CliRunner().invoke(app, list(map(str, words)))
        assert wrong.exit_code == 2
        assert message in " ".join(wrong.output.split())
