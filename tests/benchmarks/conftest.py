import csv

import pytest
from PIL import Image

from tests._models import make_classifier


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Two classifiers that score by redness, one of them the steeper."""
    folder = tmp_path_factory.mktemp("models")
    return [make_classifier(folder / "red"), make_classifier(folder / "redder", gain=24.0)]


@pytest.fixture(scope="session")
def faces(tmp_path_factory, samples):
    """A data folder: portraits, of which the reddened ones pass for AI, and a cat in each class."""
    folder = tmp_path_factory.mktemp("faces")
    portrait = Image.open(samples / "real" / "astronaut.png").convert("RGB")
    portrait = portrait.crop((120, 20, 340, 240))
    cat = Image.open(samples / "other" / "cat.png").convert("RGB").resize((120, 120))
    rows = []
    serial = iter(range(12))
    for split, count in (("train", 4), ("test", 6), ("unseen", 2)):
        for number in range(count):
            shift = next(serial)  # no two pictures are equal, else one would be left out
            for label, source in (
                ("AI", "stylegan"),
                ("AI", "vae-recon"),
                ("Real", "ffhq"),
                ("Real", "club"),
            ):
                picture = cat if source == "club" and number == 0 else portrait
                red = 30 if source == "stylegan" else 8 if source == "vae-recon" else 0
                levels = [min(255, v + red + shift) for v in range(256)]
                levels += [max(0, v - shift) for v in range(256)] * 2
                path = f"{label}/{source}/{split}{number}.jpg"
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                side = 180 if source == "club" else 220
                picture.point(levels).resize((side, side)).save(folder / path, quality=90)
                rows.append([path, label, source, split, 60, 50, 95, 110])
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "source", "split", *(f"face_{s}" for s in "xywh")])
        writer.writerows(rows)
    return folder


@pytest.fixture
def without_val(faces, tmp_path):
    """The folder without `train`, of which `val` would be drawn."""
    folder = tmp_path / "without"
    folder.mkdir()
    for label in ("AI", "Real"):
        (folder / label).symlink_to(faces / label)
    lines = (faces / "manifest.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines if ",train," not in line]
    (folder / "manifest.csv").write_text("".join(kept))
    return folder
