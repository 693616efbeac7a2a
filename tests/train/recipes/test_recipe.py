import json
from dataclasses import replace

import pytest

from fakeface.model_directory import MODELS
from train.errors import RecipeError
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
            "fit.source_weights.ffhq=10",
            "backbone.weights=my weights.h5",
            "fit.epochs=4",
        ],
    )
    assert recipe.fit.epochs == 4
    assert recipe.fit.learning_rate == 1.0
    assert recipe.head.activation == "swish"
    assert recipe.crop.size == 96
    assert recipe.fit.source_weights == {"ffhq": 10.0}
    assert recipe.backbone.weights == "my weights.h5"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fit.epoch=3", "unknown fit.epoch; known: epochs"),
        ("mode=finetune", 'mode = "finetune" needs a table [finetune]'),
        ("fit.epochs=three", "fit.epochs must be of type int, got 'three'"),
        ("fit.epochs=0", "fit.epochs must be at least 1, got 0"),
        ("fit.epochs=true", "fit.epochs must be of type int, got True"),
        ("fit.balance=look", "fit.balance must be one of none, class, source, got 'look'"),
        ("fit.source_weights.x=-1", "fit.source_weights.x must not be negative"),
        ("head.dropout=1", "head.dropout must be 0 to below 1, got 1.0"),
        ("head=3", "head must be a table, got 3"),
        ("mode=tuned", "mode must be one of frozen, finetune, encoder, got 'tuned'"),
        ("crop.size=3", "crop size must be 16 to 1024"),
        ("seed=-1", "seed must be 0 to"),
        ("name=../x", "name may hold letters"),
        ("mode.x=1", "'mode' is not a table"),
        ("seed", "'seed' is not of the form field=value"),
        ("finetune.autoencoders.folder=", "reconstructions needs finetune.autoencoders.folder"),
        ('finetune.test_time_augmentation=["plain", "mirrored"]', "is no longer supported; commit"),
        ('finetune.reconstructions.upscalers=["realesrgan-x4plus"]', "is no longer supported"),
        ("finetune.reconstructions.per_sauce=3", "unknown finetune.reconstructions"),
        ("finetune.super_resolved.probability=0.1", "is now autoencoders.show_generated"),
        ("finetune.feature_layers=[]", "finetune.feature_layers must name a layer"),
    ],
)
def test_what_makes_no_recipe_is_refused(setting, message):
    with pytest.raises(RecipeError) as refused:
        load_recipe("edge-lite2" if setting.startswith("finetune") else "report", [setting])
    assert message in str(refused.value)


def test_what_is_no_recipe_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="is neither one of"):
        load_recipe("nothing")
    (tmp_path / "broken.toml").write_text("[fit\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"broken\.toml"):
        load_recipe(str(tmp_path / "broken.toml"))


@pytest.mark.parametrize("setting", ["fit.epochs=3", "head.units=64"])
def test_what_a_fine_tuning_would_not_read_is_refused(setting):
    with pytest.raises(RecipeError, match=r"frozen backbones; finetune\.steps"):
        load_recipe("edge-lite2", [setting])


def test_the_recipe_of_the_shipped_model_loads():
    provenance = json.loads((MODELS / "edge" / "model.json").read_text())["provenance"]
    recipes = [provenance["recipe"], *(m["recipe"] for m in provenance.get("ensemble", []))]
    plain = [r for r in recipes if r["finetune"].get("test_time_augmentation") in (None, ["plain"])]
    assert plain
    for table in plain:
        recipe = recipe_from_dict(table)
        assert recipe.finetune.sampling.by == "family"
        assert recipe.finetune.autoencoders.folder
        assert recipe_from_dict(recipe.as_dict()) == recipe


def test_former_keys_become_those_of_today():
    recipe = load_recipe("edge-lite2")
    table = json.loads(json.dumps(recipe.as_dict()))
    autoencoders = table["finetune"]["autoencoders"]
    table["finetune"] |= {
        "reconstructions": {
            "per_source": 60, "steps": 850, "pictures": 2400, "upscalers": [], "least_shrink": 1.0,
            "weak_augmentation": autoencoders.pop("weak_augmentation"),
        },
        "super_resolved": {
            "per_source": 60, "networks": [], "probability": autoencoders.pop("show_generated"),
        },
        "test_time_augmentation": ["plain"],
        "second_round": None,
    }  # fmt: skip
    assert recipe_from_dict(table) == recipe


def test_a_frozen_recipe_has_no_table_finetune_and_the_other_needs_one():
    frozen, tuned = load_recipe("report").as_dict(), load_recipe("edge-lite2").as_dict()
    assert (frozen["mode"], tuned["mode"]) == ("frozen", "finetune")
    assert "finetune" not in frozen
    assert not {"head", "fit"} & set(tuned)
    with pytest.raises(RecipeError, match=r"a table \[finetune\] goes with mode"):
        recipe_from_dict(frozen | {"finetune": {"steps": 3}})
    without = {key: value for key, value in tuned.items() if key != "finetune"}
    with pytest.raises(RecipeError, match=r"needs a table \[finetune\]"):
        recipe_from_dict(without)
