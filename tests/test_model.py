import json
import shutil
from pathlib import Path

import pytest

from fakeface import ModelError, OperatingPoint
from fakeface._delta import read_delta
from fakeface._model import FACE_FINDER, MODELS, bundled_models, find_model, load_model, read_model
from fakeface._optional_models import optional_models
from fakeface.diagnostics._golden import Golden


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(MODELS / FACE_FINDER, tmp_path / "model")


def edit(model, **changes):
    file = model / "model.json"
    raw = json.loads(file.read_text())
    for key, value in changes.items():
        if value is None:
            del raw[key]
        else:
            raw[key] = value
    file.write_text(json.dumps(raw))


@pytest.mark.parametrize(
    "path", sorted(p for p in MODELS.iterdir() if p.is_dir()), ids=lambda p: p.name
)
def test_bundled_models_are_whole_and_described(path):
    info = read_model(path)
    if path.name in optional_models():
        delta = read_delta((path / "model.delta").read_bytes())
        assert (delta.result, path.name in bundled_models()) == (info.sha256, False)
        assert Golden.read(path / "golden.json", path.name).predictions
        assert sum(file.stat().st_size for file in path.iterdir()) < 2_000_000
    else:
        assert load_model(path, info.kind)[0] == info
    assert info.name == path.name
    assert info.licence
    assert info.provenance
    assert (path / "README.md").is_file()
    if info.kind == "classifier":
        assert info.classes == ("AI", "Real")
        assert path.name in (*bundled_models(), *optional_models())


def test_what_is_written_is_what_was_read(model):
    before = json.loads((model / "model.json").read_text())
    read_model(model).write()
    assert json.loads((model / "model.json").read_text()) == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 99}, "not of format 1"),
        ({"kind": "oracle"}, "unknown kind 'oracle'"),
        ({"version": None}, "lacks 'version'"),
        ({"crop": {"size": 2}}, "crop size"),
        ({"crop": {"colour": "bgr"}}, "unknown names: 'colour'"),
        ({"thresholds": {"fake": 0.1, "real": 0.9}}, "real <= fake"),
        ({"sha256": "0" * 64}, "not the file that model.json describes"),
    ],
)
def test_a_broken_description_is_one_error(model, changes, reason):
    edit(model, **changes)
    with pytest.raises(ModelError, match=reason):
        load_model(model, "face-finder")


def test_a_finder_does_not_judge(model):
    with pytest.raises(ModelError, match="is a face-finder, not a classifier"):
        load_model(model, "classifier")


def test_an_unknown_model_lists_the_bundled_ones():
    with pytest.raises(ModelError, match="neither a directory nor a bundled model"):
        find_model("no-such-model")


def test_what_is_written_as_a_path_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("edge", "large"):
        (tmp_path / name).mkdir()
        assert find_model(f"./{name}") == Path(name)
        assert find_model(f"{name}/") == Path(name)
    assert find_model(".") == Path()
    assert find_model("edge") == MODELS / "edge"


POINT = {"name": "fpr5", "threshold": 0.7, "fpr": 0.05, "fitted_on": "val"}


def test_an_operating_point_says_what_it_rests_on(model):
    edit(model, operating_points=[{**POINT, "photographs": 30, "interval": [0.01, 0.17]}, POINT])
    founded, old = read_model(model).operating_points
    assert (founded.photographs, founded.interval) == (30, (0.01, 0.17))
    assert founded.as_dict()["interval"] == (0.01, 0.17)
    assert "rests on 30 photographs" in founded.warning
    assert "1.0% to 17.0%" in founded.warning
    assert (old.interval, old.warning) == (None, None)
    assert "interval" not in old.as_dict()
    assert OperatingPoint("fpr5", 0.7, 0.05, "val", 200).warning is None
    assert "fewer than 200" in OperatingPoint("fpr5", 0.7, 0.05, "val", 199).warning


@pytest.mark.parametrize(
    "interval", [[0.2, 0.1], [0.1], [0.1, 0.2, 0.3], "wide", [0.1, 1.2], [True, 1]]
)
def test_an_interval_that_cannot_be_is_refused(model, interval):
    edit(model, operating_points=[{**POINT, "interval": interval}])
    with pytest.raises(ModelError, match="interval"):
        read_model(model)
