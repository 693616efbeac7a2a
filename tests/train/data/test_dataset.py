import os
import shutil
from collections import Counter
from dataclasses import replace

import pytest

from fakeface.types import Box
from tests.train.conftest import fill, picture
from train.data._dataset import load_data
from train.errors import DataError


def rows(splits, label, **more):
    """Manifest rows with a picture each, named by label and number."""
    return [
        {"path": f"{label}{number}.png", "label": label, "split": split,
         "picture": number + 1000 * (label == "AI"), **more}
        for number, split in enumerate(splits)
    ]  # fmt: skip


EVEN = ("train", "train", "val", "test")


def test_folders_are_classes_sources_and_splits(faces, cache):
    data = load_data(faces, cache)
    data.check()
    assert {s.name: (s.label, s.origin) for s in data.samples if s.name.endswith("/3.png")} == {
        "AI/gan/3.png": (0, "gan"),
        "AI/diffusion/deeper/3.png": (0, "diffusion"),
        "Real/phones/3.png": (1, "phones"),
        "Real/studio/3.png": (1, "studio"),
    }
    # every source is split alike
    assert set(map(tuple, (row.values() for row in data.counts().values()))) == {(7, 1, 2, 0)}
    assert len({s.digest for s in data.samples}) == 40


def test_splits_that_are_drawn_follow_from_the_pictures_alone(faces, cache, tmp_path):
    data = load_data(faces, cache, seed=1)
    renamed = tmp_path / "renamed"
    shutil.copytree(faces, renamed)
    for path in sorted(renamed.rglob("*.png")):
        path.rename(path.with_name(f"z{9 - int(path.stem)}.png"))
    again = load_data(renamed, cache, seed=1)
    assert {s.digest: s.split for s in again.samples} == {s.digest: s.split for s in data.samples}
    assert again.fingerprint() == data.fingerprint()
    other = load_data(faces, cache, seed=2)
    assert other.fingerprint() != data.fingerprint()
    assert "drawn with seed 1" in data.notes[-1]


def test_folders_named_as_splits_are_splits(faces, cache, tmp_path):
    root = tmp_path / "split"
    for number, path in enumerate(sorted(faces.rglob("*.png"))):
        part = "Test" if number % 5 == 0 else "train"
        label, source = path.relative_to(faces).parts[:2]
        target = root / part / label.lower() / source / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    data = load_data(root, cache)
    assert Counter(s.split for s in data.samples) == {"train": 28, "test": 8, "val": 4}
    assert "no split val: 12.5% of train drawn" in data.notes[0]


def test_a_manifest_says_everything(manifest, cache):
    box = {"face_x": -1.5, "face_y": 2, "face_w": 40, "face_h": 50}
    root = manifest(
        *rows(EVEN, "AI", source="gan", **box), *rows((*EVEN, "unseen"), "Real", source="phones")
    )
    data = load_data(root, cache)
    assert data.notes == ()
    assert [s.split for s in data.samples if s.label == 1] == [*EVEN, "unseen"]
    assert data.samples[0].box == Box(-1.5, 2, 40, 50)
    assert data.samples[-1].box is None
    assert data.only(["gan"]).counts() == {"AI/gan": {"train": 2, "val": 1, "test": 1, "unseen": 0}}
    assert len(data.limited(1).samples) == 7
    with pytest.raises(DataError, match="no source dogs here; there are: gan, phones"):
        data.only(["dogs", "gan"])


def test_unreadable_files_are_named_and_left_out(faces, cache):
    (faces / "AI" / "gan" / "notes.txt").write_text("not a picture", encoding="utf-8")
    (faces / "AI" / "gan" / "empty.jpg").write_bytes(b"")
    (faces / "AI" / ".hidden").write_bytes(b"")
    (faces / "Real" / "gone.png").symlink_to("nowhere")
    data = load_data(faces, cache)
    assert len(data.samples) == 40
    (line,) = (line for line in data.notes if "cannot be read" in line)
    assert line.startswith("3 files")
    for cause in ("notes.txt (is not a picture", "empty.jpg (is empty", "gone.png (no such file"):
        assert cause in line


def test_copies_within_a_split_count_once(faces, cache):
    shutil.copy(faces / "AI" / "gan" / "1.png", faces / "AI" / "diffusion" / "copy.png")
    data = load_data(faces, cache)
    assert len(data.samples) == 40
    assert (
        "1 files copies within a split and left out: AI/gan/1.png = AI/diffusion/copy.png"
        in (data.notes[0])
    )


def test_a_picture_in_both_classes_is_refused(faces, cache):
    shutil.copy(faces / "AI" / "gan" / "1.png", faces / "Real" / "phones" / "real.png")
    with pytest.raises(DataError, match=r"in both classes.*AI/gan/1.png = Real/phones/real.png"):
        load_data(faces, cache)


@pytest.mark.parametrize("why", ["copy", "pair"])
def test_what_is_in_two_splits_stays_in_the_cleaner_one(why, manifest, cache):
    """A copy of a test picture, or the picture that one was made from, must not train."""
    ai, real = rows(EVEN, "AI"), rows(EVEN, "Real")
    if why == "copy":
        ai[0]["picture"] = ai[3]["picture"]
    else:
        ai[0]["pair"] = "Real3.png"
    data = load_data(manifest(*ai, *real), cache)
    assert [s.name for s in data.samples][:2] == ["AI1.png", "AI2.png"]
    kept = "AI3.png" if why == "copy" else "Real3.png"
    assert f"left out: AI0.png (train, {kept} is in test)" in data.notes[0]


def test_pairs_and_copies_are_drawn_into_one_split(manifest, cache):
    ai = [row | {"pair": f"Real{number}.png"} for number, row in enumerate(rows([""] * 30, "AI"))]
    data = load_data(manifest(*ai, *rows([""] * 30, "Real")), cache)
    split = {s.name: s.split for s in data.samples}
    assert Counter(split.values()) == {"train": 42, "val": 6, "test": 12}
    assert all(split[f"AI{n}.png"] == split[f"Real{n}.png"] for n in range(30))


def test_a_pair_may_name_a_copy(manifest, cache):
    """What the copy stands for goes into the split of its pair, and stays its pair."""
    ai = [row | {"pair": f"Real{number}.png"} for number, row in enumerate(rows([""] * 20, "AI"))]
    twice = rows([""] * 40, "Real")
    for number in range(20):  # Real0 is a copy of Real20, ...; the first of them by name stays
        twice[number]["picture"] = twice[number + 20]["picture"]
    data = load_data(manifest(*ai, *twice), cache)
    split = {s.name: s.split for s in data.samples}
    assert len(split) == 40
    paired = [s for s in data.samples if s.label == 0]
    assert all(s.pair in split and split[s.pair] == s.split for s in paired)


def test_the_fingerprint_is_that_of_what_training_touches(manifest, cache):
    ai, real = rows((*EVEN, "unseen"), "AI"), rows(EVEN, "Real")
    data = load_data(manifest(*ai, *real), cache)
    assert len(data.split("unseen")) == 1
    assert data.fingerprint() == data.without_split(("unseen",)).fingerprint()
    assert data.fingerprint() != data.without_split(("val",)).fingerprint()


def broken(**change):
    return [rows(EVEN, "AI")[0] | change]


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        (rows(EVEN, "Real"), "no picture of class AI"),
        (rows(("train", "val"), "AI") + rows(EVEN, "Real"), "no AI picture in split 'test'"),
        (rows(("train", ""), "AI") + rows(EVEN, "Real"), "1 of 6 pictures have no split"),
        (rows(("train", "val"), "AI") + rows(("val",), "Real"), "none in split test"),
        (broken(label="Fake"), "line 2: label must be AI or Real, got 'Fake'"),
        (broken(split="dev"), "line 2: split must be one of train, val, test, unseen"),
        (broken(face_x="left"), "line 2: face box left, , ,  is no box"),
        (
            broken(face_x=1, face_y=1, face_w=0, face_h=5),
            "a box needs a width and a height above 0",
        ),
        ([row | {"path": "AI0.png"} for row in rows(EVEN, "AI")], "lists AI0.png 4 times"),
        ([{"path": "x.png"}], "has no column label"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(listed, message, manifest, cache):
    with pytest.raises(DataError) as refused:
        load_data(manifest(*listed), cache).check()
    assert message in str(refused.value)


def test_a_folder_without_pictures_is_refused(tmp_path, cache):
    with pytest.raises(DataError, match="is not a folder"):
        load_data(tmp_path / "none", cache)
    picture(0, noisy=False).save(tmp_path / "stray.png")
    with pytest.raises(DataError, match="has neither AI/ and Real/ with pictures nor a manifest"):
        load_data(tmp_path, cache)


@pytest.mark.shared
def test_the_shared_pictures_are_what_their_readme_says(shared_faces, cache):
    data = load_data(shared_faces, cache)
    data.check()
    assert len(data.samples) == 12_616  # 12,618 listed, two of them copies
    assert len(data.notes) == 1
    split = {s.name: s.split for s in data.samples}
    pairs = [s for s in data.samples if s.pair]
    assert len(pairs) == 241
    assert all(s.split == split[s.pair] for s in pairs)


def test_many_small_sources_give_every_split_of_them(tmp_path, cache):
    for number in range(20):
        for label, first in (("AI", 0), ("Real", 500)):
            fill(tmp_path / label / f"{number}", 2, first + 2 * number, noisy=label == "Real")
    data = load_data(tmp_path, cache)
    for label in (0, 1):
        counts = Counter(s.split for s in data.samples if s.label == label)
        assert counts == {"train": 28, "val": 4, "test": 8}


def test_linked_folders_are_read_once(faces, cache, tmp_path):
    root = tmp_path / "linked"
    (root / "Real").mkdir(parents=True)
    (root / "AI").symlink_to(faces / "AI")
    (root / "Real" / "phones").symlink_to(faces / "Real" / "phones")
    (root / "Real" / "phones").resolve().joinpath("round").symlink_to(root)
    assert len(load_data(root, cache).samples) == 30


def test_boxes_and_families_are_part_of_what_a_run_is_resumed_with(faces, cache):
    data = load_data(faces, cache)
    other = replace(data, samples=tuple(replace(s, box=Box(1, 2, 30, 40)) for s in data.samples))
    assert other.fingerprint() == data.fingerprint()
    assert other.details_fingerprint() != data.details_fingerprint()


def test_a_manifest_whose_files_are_not_there_says_so(tmp_path, cache):
    (tmp_path / "manifest.csv").write_text("path,label\nAI\\\\a.png,AI\nReal\\\\b.png,Real\n")
    with pytest.raises(DataError, match=r"2 files cannot be read and left out: AI"):
        load_data(tmp_path, cache)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_names_of_folders_need_not_be_utf_8(faces, cache):
    (faces / "Real" / "phones").rename(os.fsdecode(os.fsencode(faces / "Real") + b"/caf\xe9"))
    assert load_data(faces, cache).fingerprint()
