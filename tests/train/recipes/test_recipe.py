import json
from dataclasses import replace

import pytest

from fakeface.model_directory import MODELS
from train.errors import RecipeError
from train.recipes._finetune_spec import AugmentSpec
from train.recipes._recipe import load_recipe, recipe_from_dict, recipe_names, to_toml


def test_the_reports_systems_differ_in_the_head_alone():
    report = load_recipe("report")
    assert (report.mode, report.backbone.name, report.fit.learning_rate) == (
        "frozen",
        "resnet50",
        1e-3,
    )
    assert (report.head.pooling, report.head.units, report.head.activation) == ("max", 128, "relu")
    heads = {
        "report-avgpool": replace(report.head, pooling="global-average"),
        "report-leakyrelu": replace(report.head, activation="leaky_relu"),
        "report-swish": replace(report.head, activation="swish"),
    }
    for name, head in heads.items():
        other = load_recipe(name)
        assert other == replace(report, name=name, description=other.description, head=head)


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_survive_toml_and_json(name, tmp_path):
    recipe = load_recipe(name)
    (tmp_path / "copy.toml").write_text(to_toml(recipe), encoding="utf-8")
    assert load_recipe(str(tmp_path / "copy.toml")) == recipe
    assert recipe_from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


def test_fields_are_overridden_by_their_dotted_names():
    recipe = load_recipe(
        "report",
        [
            "fit.epochs=3",
            "head.activation=swish",
            "fit.learning_rate=1",
            "crop.size=96",
            "backbone.weights=my weights.h5",
            "fit.epochs=4",
        ],
    )
    assert recipe.fit.epochs == 4
    assert recipe.fit.learning_rate == 1.0
    assert recipe.head.activation == "swish"
    assert recipe.crop.size == 96
    assert recipe.backbone.weights == "my weights.h5"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fit.epoch=3", "unknown fit.epoch; known: epochs"),
        ("fit.epochs=three", "fit.epochs must be of type int, got 'three'"),
        ("fit.epochs=0", "fit.epochs must be at least 1, got 0"),
        ("fit.epochs=true", "fit.epochs must be of type int, got True"),
        ("fit.balance=look", "fit.balance must be one of none, class, source, got 'look'"),
        ("head=3", "head must be a table, got 3"),
        ("mode=tuned", "mode must be one of frozen, finetune, encoder, got 'tuned'"),
        ("crop.size=3", "crop size must be 16 to 1024"),
        ("seed=-1", "seed must be 0 to"),
        ("name=../x", "name may hold letters"),
        ("mode.x=1", "'mode' is not a table"),
        ("seed", "'seed' is not of the form field=value"),
        ("finetune.autoencoders.folder=", "reconstructions needs finetune.autoencoders.folder"),
        ("finetune.warm_up=50", "unknown finetune.warm_up; known: initial_checkpoint"),
        (
            "finetune.sampling.weights.ffhq=x",
            "finetune.sampling.weights.ffhq must be of type float",
        ),
        (
            "finetune.sampling.weights.ffhq=1.5",
            "sampling.weights.ffhq must be from 0 to 1, got 1.5",
        ),
        ("finetune.augment.noise=-0.1", "augment.noise must be from 0 to 1, got -0.1"),
        ("finetune.augment.scale=[1.3, 0.4]", "augment.scale must rise from 0.01 or more"),
        ("finetune.autoencoders.photographs=-1", "autoencoders.photographs must not be negative"),
        ("finetune.distillation.components=0", "distillation.components must be at least 1"),
        ("finetune.distillation.weight=0.0", "distillation.weight must be above 0"),
        ("finetune.patch_loss_weight=1.0", "finetune.patch_loss_weight must be 0 to below 1"),
        ("finetune.batch_size=3", "finetune.batch_size must be even, got 3"),
        ("finetune.random_crop_schedule=[0.0]", "finetune.random_crop_schedule must start at 0.0"),
        ("fit=3", "unknown fit; known: name"),
        ("encoder.blocks=[6, 6]", "encoder.blocks must be some, once"),
        ("encoder.blocks=[0]", "encoder.blocks must be 1 to 12, got 0"),
        ('encoder.regions=["edge"]', "encoder.regions must be one of all, centre"),
        ("encoder.inverse_penalty=0.0", "encoder.inverse_penalty must be above 0"),
        ("encoder.exponent=2.0", "encoder.exponent must be 0 to 1"),
        ("encoder.limits.train.ai=0", "encoder.limits must be above 0"),
        ("encoder.limits.everywhere.ai=1", "encoder.limits must be one of train, val"),
        ("encoder.folds=1", "encoder.folds must be at least 2"),
    ],
)
def test_what_makes_no_recipe_is_refused(setting, message):
    with pytest.raises(RecipeError) as refused:
        names = {"finetune": "edge", "fit=3": "edge", "encoder": "large"}
        load_recipe(names.get(setting.partition(".")[0], "report"), [setting])
    assert message in str(refused.value)


def test_what_is_no_recipe_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="is neither one of"):
        load_recipe("nothing")
    (tmp_path / "broken.toml").write_text("[fit\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"broken\.toml"):
        load_recipe(str(tmp_path / "broken.toml"))


def test_what_a_run_recorded_may_name_options_that_are_gone():
    provenance = json.loads((MODELS / "edge" / "model.json").read_text())["provenance"]
    recipe = recipe_from_dict(provenance["recipe"], known_only=True)
    assert recipe.finetune.autoencoders.folder
    assert recipe_from_dict(recipe.as_dict()) == recipe
    table = load_recipe("edge").as_dict()
    table["finetune"]["sampling"]["by"] = "family"
    assert recipe_from_dict(table, known_only=True) == load_recipe("edge")
    with pytest.raises(RecipeError, match=r"unknown finetune\.sampling\.by"):
        recipe_from_dict(table)
    table["finetune"]["steps"] = "many"
    with pytest.raises(RecipeError, match=r"finetune\.steps must be of type int"):
        recipe_from_dict(table, known_only=True)


def test_a_weak_augmentation_stays_within_the_range_of_the_other() -> None:
    weak = AugmentSpec(quality=(20, 50), scale=(0.4, 0.6)).weak()
    assert (weak.quality, weak.scale) == ((50, 50), (0.6, 0.6))
