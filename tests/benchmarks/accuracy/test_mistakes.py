import json
import re

import numpy as np
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.accuracy._measure import Run, Scored
from benchmarks.accuracy._mistakes import find_mistakes
from fakeface import Thresholds
from tests._models import make_classifier
from tests.conftest import ROOT
from train.data import Sample


def scored(p_fake, boxes):
    return Scored("m", "clean", Thresholds(fake=0.7, real=0.3), np.array(p_fake), tuple(boxes))


def test_only_certain_mistakes_with_a_face_count_the_worst_first():
    labels = [1, 1, 1, 1, 0, 0, 0, 0, 1]
    samples = tuple(
        Sample(f"{n}.jpg", ROOT, label, "x", "test", str(n)) for n, label in enumerate(labels)
    )
    p_fake = [0.8, 0.95, 0.5, 0.1, 0.2, 0.05, 0.5, 0.9, np.nan]
    boxes = ["finder"] * 8 + ["unreadable"]
    run = Run(samples, (scored(p_fake, boxes),), {})
    alarms, misses, note = find_mistakes(run, "m", 5)
    assert [s.name for s in alarms] == ["1.jpg", "0.jpg"]
    assert [s.name for s in misses] == ["5.jpg", "4.jpg"]
    assert "4 photographs and 4 AI pictures" in note
    alarms, misses, note = find_mistakes(run, "m", 1)
    assert [s.name for s in (*alarms, *misses)] == ["1.jpg", "5.jpg"]
    assert "of 2 false alarms" in note
    boxes[1] = "manifest"
    alarms, _, _ = find_mistakes(Run(samples, (scored(p_fake, boxes),), {}), "m", 5)
    assert [s.name for s in alarms] == ["0.jpg"]


def test_the_command_writes_a_report_with_heat_maps(faces, tmp_path):
    lenient = Thresholds(fake=0.5, real=0.49)  # the redness of a portrait is above this
    model = make_classifier(tmp_path / "red", thresholds=lenient)
    words = ["accuracy", "--model", model, "--data", faces, "--resamples", "5", "--mistakes", "3"]
    words += ["--degradation", "clean", "--cache", tmp_path / "cache", "-o", tmp_path / "out"]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    page = (tmp_path / "out" / "mistakes-red.html").read_text(encoding="utf-8")
    about = json.loads(re.search(r'id="about-data">(.*?)</script>', page, re.S)[1])
    assert about["title"] == "The worst mistakes of red 1.0.0"
    assert "shares on this page mean nothing" in about["note"]
    assert about["fpr"] is None
    lines = re.search(r'id="records">\n(.*?)</script>', page, re.S)[1].split("\n")
    records = [json.loads(line) for line in lines if line]
    assert len(records) == 3
    assert all("/Real/" in record["name"] and record["verdict"] == "fake" for record in records)
    assert all(record["faces"][0]["heat"] for record in records)
    scores = [record["p"] for record in records]
    assert scores == sorted(scores, reverse=True)
    assert not list((tmp_path / "out").glob("*.new"))
