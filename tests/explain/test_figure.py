import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fakeface import Box, Face, Heatmap, Prediction, Thresholds, Verdict
from fakeface._crop import crop_box
from fakeface.cli._app import app
from fakeface.explain._canvas import Canvas
from fakeface.explain._figure import figure
from tests._models import make_cam_classifier, make_classifier

THRESHOLDS = Thresholds(0.7, 0.3)


def prediction(faces, size=(800, 600), name="x.jpg"):
    verdict = faces[0].verdict if faces else Verdict.NO_FACE
    return Prediction(
        name, "m", verdict=verdict, p_fake=0.9 if faces else None, faces=faces, size=size
    )


def face(x, value, size=(800, 600)):
    box = Box(x + 40, 140, 120, 120)
    heatmap = Heatmap(np.full((4, 4), value), crop_box(box, size, 1.5), size, "cam")
    return Face(box, 0.9, 0.9, Verdict.FAKE, heatmap)


def orange(image):
    r, _, b = np.asarray(image, int).transpose(2, 0, 1)
    return (r - b > 60).mean()


def test_a_map_shows_beside_the_picture():
    image = Image.new("RGB", (800, 600), (120, 120, 120))
    hot = figure(image, prediction((face(300, 4.0),)), THRESHOLDS, "m 1")
    cold = figure(image, prediction((face(300, -4.0),)), THRESHOLDS, "m 1")
    left, right = (0, 164, 600, 560), (600, 164, 1200, 560)
    assert orange(hot.crop(right)) > 5 * orange(hot.crop(left)) > 0
    assert orange(cold.crop(right)) < orange(hot.crop(right)) / 5


@pytest.mark.parametrize("size", [(800, 600), (90, 4000), (4000, 90), (1, 1)])
@pytest.mark.parametrize("faces", [0, 1, 9])
def test_every_shape_of_picture_gives_a_figure(size, faces):
    found = tuple(face(30 * at, 1.0, size) for at in range(faces))
    out = figure(Image.new("RGB", size), prediction(found, size, "\x1b[31m" * 99), THRESHOLDS, "m")
    assert out.width == 1200
    assert 200 < out.height < 1250


def test_faces_that_are_not_enlarged_are_counted(monkeypatch):
    written = []
    text = Canvas.text
    monkeypatch.setattr(
        Canvas, "text", lambda self, *words: (written.append(words[2]), text(self, *words))[1]
    )
    image = Image.new("RGB", (800, 600))
    figure(image, prediction(tuple(face(60 * at, 1.0) for at in range(5))), THRESHOLDS, "m")
    assert "3 of 5 faces shown, the most suspicious first" in written
    written.clear()
    figure(image, prediction(tuple(face(60 * at, 1.0) for at in range(3))), THRESHOLDS, "m")
    assert not [words for words in written if "shown" in words]


@pytest.fixture(scope="module", params=["cam", "plain"])
def model(request, tmp_path_factory):
    make = make_cam_classifier if request.param == "cam" else make_classifier
    return make(tmp_path_factory.mktemp("models") / request.param)


def run(*words, data=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=data)


def test_predict_explains(model, samples, tmp_path):
    out = tmp_path / "why.png"
    picture = samples / "real" / "astronaut.png"
    result = run("predict", picture, "--model", model, "--explain", out)
    assert result.exit_code == 0
    assert Image.open(out).size[0] == 1200
    again = run("predict", picture, "--model", model, "--explain", out)
    assert again.exit_code == 2
    assert "exists already" in again.output
    stdin = run(
        "predict", "-", "--model", model, "--explain", out, "--overwrite", data=picture.read_bytes()
    )
    assert stdin.exit_code == 0


def test_what_cannot_be_explained_is_said_before_anything_is_loaded(samples, tmp_path):
    picture = samples / "real" / "astronaut.png"
    many = run("predict", picture, picture, "--explain", tmp_path / "why.png")
    assert many.exit_code == 2
    assert "takes one FILE" in many.output
    strange = run("predict", picture, "--explain", tmp_path / "why.doc")
    assert strange.exit_code == 2
    assert "must end in" in strange.output


def test_an_unreadable_picture_has_no_figure(model, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "why.png"
    result = run("predict", tmp_path / "broken.jpg", "--model", model, "--explain", out)
    assert result.exit_code == 3
    assert not out.exists()
