from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests._encoder import write_encoder
from tests.train.conftest import Samples
from tests.train.fitting.test_finetune import RECIPE, SPEC
from tests.train.fitting.test_finetune import data as data
from train.data._cache import Cache
from train.data._dataset import Data
from train.data._sampler import BatchItem
from train.errors import DataError
from train.recipes import DistillationSpec, SamplingSpec

pytestmark = pytest.mark.train


def features(samples: Samples, width: int = 12) -> dict[str, np.ndarray]:
    """The class in one direction of little variance, random numbers in the others."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(100, 1, width)
    rows = {s.name: rng.normal(0, scale).astype(np.float16) for s in samples}
    for sample in samples:
        rows[sample.name][-1] = 4 * sample.label + rng.normal(0, 0.1)
    return rows


def test_targets_are_whitened_and_keep_the_direction_of_the_classes(
    samples_to_train: Samples,
) -> None:
    from train.fitting._distillation import fit_targets

    samples_to_train = [  # so many that the penalty does not decide
        replace(s, name=f"{number} {s.name}") for number in range(200) for s in samples_to_train
    ]
    known = features(samples_to_train)
    spec = DistillationSpec("f.npz", components=3)
    targets = fit_targets(samples_to_train, known, spec, SamplingSpec(), 0)
    rows = np.stack([targets.rows[s.name] for s in samples_to_train])
    assert targets.width == rows.shape[1] == 4
    np.testing.assert_allclose(rows.mean(0), 0, atol=0.15)
    np.testing.assert_allclose(rows.std(0), 1, atol=0.15)
    labels = [s.label for s in samples_to_train]
    assert np.corrcoef(rows[:, -1], labels)[0, 1] > 0.9
    assert targets.deviation > 0.5
    assert np.abs(np.corrcoef(rows.T[:-1], labels)[-1, :-1]).max() < 0.7
    again = fit_targets(samples_to_train, known, spec, SamplingSpec(), 0)
    assert all(np.array_equal(again.rows[name], row) for name, row in targets.rows.items())
    with pytest.raises(DataError, match=r"components must be at most 12 .*, got 13"):
        fit_targets(samples_to_train, known, replace(spec, components=13), SamplingSpec(), 0)


def test_only_pictures_themselves_have_targets(samples_to_train: Samples) -> None:
    from train.fitting._distillation import Targets

    first, second = samples_to_train[:2]
    targets = Targets({first.name: np.arange(3, dtype=np.float32)}, 3)
    items = [BatchItem(first, True, 0), BatchItem(first, False, 0), BatchItem(second)]
    made = targets.of(items)
    assert np.isnan(made).all(1).tolist() == [True, False, True]
    assert made[1].tolist() == [0, 1, 2]


def test_the_network_learns_what_the_teacher_says() -> None:
    import tensorflow as tf

    from train.fitting._trainer import Batch, Trainer
    from train.networks._detector import detector, with_conv_bn
    from train.networks.backbones import get_backbone

    spec = replace(SPEC, steps=40, distillation=DistillationSpec("f.npz", 2, 1.0))
    backbone = get_backbone("efficientnet-lite0").build(64, "none", seed=1)
    network = detector(with_conv_bn(backbone), spec.feature_layer)
    trainer = Trainer(network, spec, 3)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    images[2:] //= 4
    targets = np.array([[1, 0, 1], [np.nan] * 3, [-1, 1, -1], [np.nan] * 3], np.float32)
    batch = Batch(images, np.array([0, 1, 0, 1], np.float32), 0, targets)

    def error(known: np.ndarray) -> float:
        shown = trainer._features(tf.cast(images, tf.float32), training=False)
        return float(trainer._distillation(shown, tf.constant(known)))

    before = error(targets)
    assert before == pytest.approx(0.875)  # zeros are predicted: ((1 + .5) / 2 + 1) / 2
    assert error(np.full_like(targets, np.nan)) == 0
    for _ in range(40):
        loss, logits = trainer.fit(batch)
        assert np.isfinite(loss)
        assert np.isfinite(logits).all()
    assert error(targets) < 0.8 * before
    for weight in network.weights:
        assert np.isfinite(weight.numpy()).all()


def test_the_head_is_a_mix_of_its_own_logit_and_what_the_teacher_says(data: Data) -> None:
    from sklearn.linear_model import Ridge

    from train.fitting._distillation import Targets, mix_heads
    from train.fitting._inference import pool, score
    from train.networks._detector import detector, fuse_batch_norm, with_conv_bn
    from train.networks.backbones import get_backbone

    spec = replace(SPEC, distillation=DistillationSpec("f.npz", 2, head_share=0.25))
    recipe = replace(RECIPE, finetune=spec)
    backbone = get_backbone("efficientnet-lite0").build(64, "none", seed=1)
    model = fuse_batch_norm(detector(with_conv_bn(backbone), spec.feature_layer), 64)
    head, rng = model.get_layer("logit"), np.random.default_rng(0)
    head.set_weights([rng.normal(0, 1, weight.shape) for weight in head.get_weights()])
    train = data.split("train")
    known, said = train[1:], rng.normal(0, 1, len(train) - 1)
    rows = {s.name: np.array([9, 9, x], np.float32) for s, x in zip(known, said, strict=True)}
    own = score(model, train, recipe)
    mix_heads(model, Targets(rows, 3, mean=0.5, deviation=3.0), train, recipe)
    taught = Ridge(1.0).fit(pool(model, known, recipe), 3 * said + 0.5)
    expected = 0.75 * own + 0.25 * taught.predict(pool(model, train, recipe))
    np.testing.assert_allclose(score(model, train, recipe), expected, rtol=1e-3, atol=1e-3)


def test_a_training_with_a_teacher_goes_on_and_ends_with_the_same_kind_of_network(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakeface import CropSpec
    from train.fitting import _finetune
    from train.fitting._teacher_features import write_features

    file = tmp_path / "features.npz"
    teacher = write_encoder(tmp_path / "clip.onnx")
    write_features(data, CropSpec(size=224), "whole", teacher, Cache(tmp_path / "cache"), file)
    spec = replace(
        SPEC,
        steps=3,
        evaluation_interval=2,
        sampling=SamplingSpec(),
        distillation=DistillationSpec(str(file), components=4),
    )
    recipe = replace(RECIPE, finetune=spec)
    steps: list[object] = []
    fit = _finetune.Trainer.fit

    def stopped(trainer: _finetune.Trainer, batch: _finetune.Batch) -> object:
        assert batch.targets is not None
        assert np.isfinite(batch.targets).all()
        steps.append(batch.targets.shape)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return fit(trainer, batch)

    monkeypatch.setattr(_finetune.Trainer, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        _finetune.fit(recipe, data, Cache(tmp_path / "cache"), tmp_path)
    result = _finetune.fit(recipe, data, Cache(tmp_path / "cache"), tmp_path)
    assert steps == [(8, 5)] * 4  # two, a third that was stopped, and that again
    dense = [layer for layer in result.model.layers if type(layer).__name__ == "Dense"]
    assert [layer.units for layer in dense] == [1]


def test_features_of_other_pictures_are_refused(data: Data, tmp_path: Path) -> None:
    from fakeface import CropSpec
    from train.fitting._distillation import read_targets
    from train.fitting._teacher_features import write_features

    train, file = data.split("train"), tmp_path / "features.npz"
    few = replace(data, samples=tuple(train[:4]))
    teacher = write_encoder(tmp_path / "clip.onnx")
    write_features(few, CropSpec(size=224), "whole", teacher, Cache(tmp_path / "cache"), file)
    spec = DistillationSpec(str(file), components=2)
    with pytest.raises(DataError, match=rf"features of 4 of the {len(train)} training pictures"):
        read_targets(train, spec, SPEC.sampling, 0)
