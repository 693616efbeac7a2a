"""The measurement of the face finder, on the sample pictures."""

import pytest

from fakeface import Box, FaceFinder
from fakeface.model_directory import FACE_FINDER, MODELS


def test_recall_scenes_and_tables(samples, tmp_path):
    pytest.importorskip("skimage", reason="needs the extra `dev`")
    from benchmarks.accuracy._faces import faces_markdown, run_faces
    from train.data import Sample

    finder = FaceFinder(MODELS / FACE_FINDER)
    path = samples / "real" / "astronaut.png"
    right = Sample("a", path, 1, "nasa", "test", "0", Box(177, 65, 90, 117))
    wrong = Sample("b", path, 1, "wrong", "test", "1", Box(0, 400, 90, 110))
    torn = tmp_path / "torn.png"
    torn.write_bytes(path.read_bytes()[:5000])
    broken = Sample("c", torn, 1, "nasa", "test", "2", Box(1, 1, 90, 110))
    result = run_faces(finder, [right, wrong, broken], 4, 0)
    assert [(r["source"], r["recall"], r["found"]) for r in result["sources"]] == [
        ("Real/nasa", 1.0, 1.0),
        ("Real/wrong", 0.0, 1.0),
    ]
    assert result["without_people"]["false_faces"] == {}
    assert set(result["unreadable"]) == {"c"}
    assert "c could not be read: cannot be decoded" in faces_markdown(result)
    assert "| Real/nasa | 1 | 100.0% |" in faces_markdown(result)
