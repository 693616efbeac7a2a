from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface import CropSpec
from tests.train.conftest import fill
from train.data._cache import Cache
from train.data._dataset import Data, load_data
from train.data._locate import locate
from train.errors import RecipeError
from train.recipes import (
    AutoencoderSpec,
    BackboneSpec,
    FinetuneRecipe,
    FinetuneSpec,
    SamplingSpec,
)

pytestmark = pytest.mark.train

SPEC = FinetuneSpec(
    feature_layer="block3_expand_relu",
    steps=6,
    batch_size=8,
    evaluation_interval=3,
    random_crop_sizes=(32, 0),
    random_crop_schedule=(0.0, 0.5),
    learning_rate=1e-3,
)
RECIPE = FinetuneRecipe(
    "tiny",
    faces="whole",
    backbone=BackboneSpec("efficientnet-lite0", "none"),
    crop=CropSpec(size=64),
    finetune=SPEC,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    root = tmp_path_factory.mktemp("faces")
    fill(root / "AI" / "gan", 20, 0, noisy=False)
    fill(root / "Real" / "phones", 20, 200, noisy=True)
    cache = Cache(root / "cache")
    return locate(load_data(root, cache, 0), "whole", cache)


def test_a_stopped_training_goes_on_and_ends_with_a_plain_model(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    from train.fitting import _finetune

    steps: list[int] = []
    fit = _finetune.Trainer.fit

    def stopped(trainer: _finetune.Trainer, batch: _finetune.Batch) -> object:
        steps.append(batch.images.shape[1])
        if len(steps) == 5:
            raise KeyboardInterrupt
        return fit(trainer, batch)

    monkeypatch.setattr(_finetune.Trainer, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        _finetune.fit(RECIPE, data, Cache(tmp_path / "cache"), tmp_path)
    result = _finetune.fit(RECIPE, data, Cache(tmp_path / "cache"), tmp_path)
    # Four steps, a fifth that was stopped, three from the checkpoint on.
    assert steps == [32, 32, 32, 64, 64, 64, 64, 64]
    assert [row["epoch"] for row in result.history] == [1, 2]
    assert {"loss", "val_loss", "val_auc"} <= set(result.history[0])
    kinds = {type(layer).__name__ for layer in result.model.layers}
    assert not kinds & {"BatchNormalization", "ConvBN", "Dropout"}
    samples = data.split("test")
    logits = result.logits(samples)
    result.model.save(tmp_path / "model.keras")
    again = _finetune.score(keras.models.load_model(tmp_path / "model.keras"), samples, RECIPE)
    np.testing.assert_allclose(again, logits, atol=1e-5)


def test_folding_and_norming_change_nothing_and_the_map_is_exact() -> None:
    import keras

    from train.networks._cam import linear_head
    from train.networks._detector import detector, fuse_batch_norm, with_conv_bn
    from train.networks.backbones import get_backbone

    backbone = get_backbone("efficientnet-lite0").build(64, "none", seed=1)
    rng = np.random.default_rng(0)
    for layer in backbone.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    images = rng.uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    same = with_conv_bn(backbone)
    np.testing.assert_allclose(same(images), backbone(images), rtol=1e-3, atol=1e-3)
    model = detector(same, "block3_expand_relu")
    head = model.get_layer("logit")
    head.set_weights([rng.normal(0, 0.1, w.shape) for w in head.get_weights()])
    plain = fuse_batch_norm(model, 64)
    np.testing.assert_allclose(plain(images), model(images), rtol=1e-3, atol=1e-4)

    found = linear_head(plain)
    assert found is not None
    inside = keras.Model(plain.input, [plain.get_layer("logit").output, found.feature_map])
    logit, features = inside(images)
    values = features.numpy() @ found.kernel
    assert values.shape == (2, 16, 16)
    np.testing.assert_allclose(
        values.mean(axis=(1, 2)) + found.bias, logit[:, 0], rtol=1e-4, atol=1e-4
    )


def test_batches_are_the_same_for_the_same_step(data: Data) -> None:
    from itertools import islice

    from train.data._sampler import batches
    from train.fitting._finetune import make_batch

    train = data.split("train")
    items = next(islice(batches(train, SamplingSpec(), 8, frozenset(), 0), 1))
    one, two, other = (make_batch(items, RECIPE, {}, step) for step in (4, 4, 5))
    np.testing.assert_array_equal(one.images, two.images)
    assert (one.images != other.images).any()
    assert one.real.sum() == 4


@pytest.mark.parametrize("weak", [1.0, 0.5, 0.0])
def test_both_of_a_pair_are_augmented_alike(
    data: Data, tmp_path: Path, weak: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the smoothing of the photograph, whose items must not part what follows."""
    from train.augment import _augment
    from train.data._sampler import BatchItem
    from train.fitting._finetune import make_batch

    photo = next(sample for sample in data.samples if sample.label == 1)
    reconstruction = tmp_path / "reconstruction.png"
    Image.open(photo.path).save(reconstruction)
    spec = replace(SPEC, augment=replace(SPEC.augment, smooth=0.8))
    recipe = replace(
        RECIPE, finetune=replace(spec, autoencoders=AutoencoderSpec(weak_augmentation=weak))
    )

    def drawn_only(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        rng.random(3)
        return image

    monkeypatch.setattr(_augment, "smooth_skin", drawn_only)
    items = [BatchItem(photo, True, 0), BatchItem(photo, False, 0)]
    made = {photo.name: (reconstruction, photo.path)}
    for step in range(5):
        batch = make_batch(items, recipe, made, step)
        np.testing.assert_array_equal(*batch.images)
        assert batch.real.tolist() == [0, 1]
        assert batch.paired == 2


def test_halved_steps_show_the_whole_crop_at_half_the_resolution(data: Data) -> None:
    from train.data._sampler import BatchItem
    from train.fitting._finetune import make_batch

    items = [BatchItem(sample) for sample in data.samples[:2]]

    def sides(probability: float) -> list[int]:
        recipe = replace(
            RECIPE,
            finetune=replace(
                SPEC, random_crop_sizes=(48, 0), low_resolution_probability=probability
            ),
        )
        return [make_batch(items, recipe, {}, step).images.shape[1] for step in range(12)]

    assert sides(0.0) == [48] * 3 + [64] * 9
    assert sides(1.0) == [32] * 12
    assert set(sides(0.5)) == {32, 48, 64}
    assert sides(0.5) == sides(0.5)


def test_every_place_of_the_map_is_fitted() -> None:
    import keras
    import tensorflow as tf

    from train.fitting._trainer import Batch, Trainer
    from train.networks._detector import detector, with_conv_bn
    from train.networks.backbones import get_backbone

    spec = replace(
        SPEC,
        patch_loss_weight=0.5,
        dropout=0.0,
    )
    backbone = get_backbone("efficientnet-lite0").build(64, "none", seed=1)
    trainer = Trainer(detector(with_conv_bn(backbone), spec.feature_layer), spec)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    batch = Batch(images, np.array([0, 1, 0, 1], np.float32), 0)
    maps = trainer._maps(tf.constant(images))[0].numpy()
    assert maps.shape == (4, 16, 16)
    logit = keras.Model(trainer.model.input, trainer.model.get_layer("logit").output)
    expected = logit(tf.cast(images, tf.float32), training=False).numpy()[:, 0]
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), expected, rtol=1e-4, atol=1e-5)
    losses = [trainer.fit(batch)[0] for _ in range(6)]
    assert losses[-1] < losses[0]


def test_layers_before_the_first_trained_one_are_frozen() -> None:
    import keras

    from train.fitting._finetune import freeze_before

    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 1, name="early")(image)
    network = keras.Model(image, keras.layers.Conv2D(2, 1, name="late")(x))
    freeze_before(network, "")
    assert len(network.trainable_variables) == 4
    freeze_before(network, "late")
    assert {v.path.split("/")[0] for v in network.trainable_variables} == {"late"}
    with pytest.raises(RecipeError, match="no layer stem"):
        freeze_before(network, "stem")
