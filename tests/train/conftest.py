"""Small folders of pictures that a training can be run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fakeface.model_directory import DEFAULT_MODEL, MODELS, read_model
from tests.conftest import SAMPLES
from train.data._cache import Cache
from train.data._dataset import load_data
from train.data._sample import Sample

Samples = list[Sample]

SIZE = 64
LAYER = "block3_expand_relu"


def portrait(width: int = 117, height: int = 90) -> npt.NDArray[np.uint8]:
    """A photograph of a face in the size asked for, RGB."""
    with Image.open(SAMPLES / "real" / "obama.jpg") as image:
        return np.asarray(image.convert("RGB").resize((width, height)))


def picture(seed: int, noisy: bool, size: int = 80) -> Image.Image:
    """A soft gradient, with noise on it where asked; no two alike."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 1, size)[:, None, None] * rng.uniform(60, 200, 3)
    noise = rng.normal(0, 40, (size, size, 3)) if noisy else 0
    grey = rng.uniform(0, 50)
    return Image.fromarray(np.clip(ramp + grey + noise, 0, 255).astype(np.uint8))


def fill(folder: Path, count: int, first: int, noisy: bool) -> list[Path]:
    """Write pictures `0.png` to `count - 1`."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        picture(first + number, noisy).save(path)
    return paths


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """AI from two sources and Real from two, ten pictures each, without splits."""
    root = tmp_path / "faces"
    fill(root / "AI" / "gan", 10, 0, noisy=False)
    fill(root / "AI" / "diffusion" / "deeper", 10, 100, noisy=False)
    fill(root / "Real" / "phones", 10, 200, noisy=True)
    fill(root / "Real" / "studio", 10, 300, noisy=True)
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder with a manifest: rows are dictionaries, `picture` its seed."""

    def write(*rows: dict[str, object]) -> Path:
        root = tmp_path / "listed"
        root.mkdir()
        columns = dict.fromkeys(key for row in rows for key in row if key != "picture")
        lines = [",".join(columns)]
        for row in rows:
            lines.append(",".join(str(row.get(column, "")) for column in columns))
            if "picture" in row:
                picture(int(str(row["picture"])), row.get("label") == "Real").save(
                    root / str(row["path"])
                )
        (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return root

    return write


@pytest.fixture
def samples_to_train(tmp_path: Path) -> Samples:
    """What is trained on of a folder with one source of each class."""
    fill(tmp_path / "faces" / "AI" / "gan", 12, 0, noisy=False)
    fill(tmp_path / "faces" / "Real" / "phones", 12, 200, noisy=True)
    return load_data(tmp_path / "faces", Cache(tmp_path / "cache"), 0).split("train")


def network(seed: int):
    """A head on EfficientNet-Lite0 with random weights, batch norm included."""
    from train.networks._detector import ConvBN, detector, with_conv_bn
    from train.networks.backbones import get_backbone

    made = with_conv_bn(get_backbone("efficientnet-lite0").build(SIZE, "none", seed))
    rng = np.random.default_rng(seed)
    for layer in made.layers:
        if isinstance(layer, ConvBN):
            for values, low in ((layer.gamma, 0.5), (layer.variance, 0.5), (layer.beta, -0.5)):
                values.assign(rng.uniform(low, low + 1, values.shape))
            layer.mean.assign(rng.normal(0, 0.3, layer.mean.shape))
    made = detector(made, LAYER)
    logit = made.get_layer("logit")
    logit.set_weights([rng.normal(0, 0.1, w.shape) for w in logit.get_weights()])
    return made


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A network and its export, as a model directory."""
    from export import convert, write_model
    from train.networks._detector import fuse_batch_norm

    made = network(0)
    plain = fuse_batch_norm(made, SIZE)
    graph = convert(lambda image: {"p_fake": 1 - plain(image)[:, 0]}, SIZE)
    described = replace(read_model(MODELS / DEFAULT_MODEL), name="tiny", provenance={})
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_model(described, graph, folder)
    return made, folder
