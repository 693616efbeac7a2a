import json
from dataclasses import replace
from pathlib import Path

import pytest

from fakeface.model_directory import MODELS
from train.errors import RecipeError
from train.recipes._aliases import ALIASES, current_key
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
        ("mode=tuned", "mode must be one of frozen, finetune, got 'tuned'"),
        ("crop.size=3", "crop size must be 16 to 1024"),
        ("seed=-1", "seed must be 0 to"),
        ("name=../x", "name may hold letters"),
        ("mode.x=1", "'mode' is not a table"),
        ("seed", "'seed' is not of the form field=value"),
        (
            "finetune.test_time_augmentation=[]",
            "finetune.test_time_augmentation must name some of plain, mirrored, soft",
        ),
        ('finetune.test_time_augmentation=["upside-down"]', "got ['upside-down']"),
        ('finetune.test_time_augmentation=["plain", "plain"]', "each once, got ['plain', 'plain']"),
        ("finetune.feature_layers=[]", "finetune.feature_layers must name a layer"),
    ],
)
def test_what_makes_no_recipe_is_refused(setting, message):
    with pytest.raises(RecipeError) as refused:
        load_recipe("edge" if setting.startswith("finetune") else "report", [setting])
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
        load_recipe("edge", [setting])


OLD = Path(__file__).parent / "edge-local-0.1.0.toml"  # as it stood before the keys were renamed


def test_a_recipe_with_former_keys_is_the_same_recipe():
    old, new = load_recipe(str(OLD)), load_recipe("edge-local")
    start = replace(new.finetune, initial_checkpoint=old.finetune.initial_checkpoint)
    assert old == replace(new, description=old.description, finetune=start)


def test_the_recipes_of_the_shipped_model_load():
    provenance = json.loads((MODELS / "edge" / "model.json").read_text())["provenance"]
    members = [recipe_from_dict(member["recipe"]) for member in provenance["ensemble"]]
    backbones = [member.backbone.name for member in members]
    assert backbones == ["efficientnet-lite0", "efficientnet-lite2"]
    assert all(member.finetune.sampling.weights["ffhq"] == 0.25 for member in members)
    for run in provenance["ensemble"][0]["averaged"]["runs"]:
        recipe_from_dict(run["recipe"])


def test_overrides_may_use_former_keys():
    recipe = load_recipe("edge", ["finetune.mix.power=0.25", "finetune.every=7"])
    assert recipe.finetune.sampling.exponent == 0.25
    assert recipe.finetune.evaluation_interval == 7


def test_a_field_under_both_names_is_refused(tmp_path):
    both = OLD.read_text().replace("every = 400", "every = 400\nevaluation_interval = 4")
    (tmp_path / "both.toml").write_text(both)
    with pytest.raises(RecipeError, match=r"finetune\.evaluation_interval is given twice"):
        load_recipe(str(tmp_path / "both.toml"))


def test_every_former_key_has_a_current_field():
    fields = json.loads(json.dumps(load_recipe("edge").as_dict()))
    for former in ALIASES:
        table = fields
        for part in current_key(former).split("."):
            assert part in table, former
            table = table[part]


def test_a_frozen_recipe_has_no_table_finetune_and_the_other_needs_one():
    frozen, tuned = load_recipe("report").as_dict(), load_recipe("edge").as_dict()
    assert (frozen["mode"], tuned["mode"]) == ("frozen", "finetune")
    assert "finetune" not in frozen
    assert not {"head", "fit"} & set(tuned)
    with pytest.raises(RecipeError, match=r"a table \[finetune\] goes with mode"):
        recipe_from_dict(frozen | {"finetune": {"steps": 3}})
    without = {key: value for key, value in tuned.items() if key != "finetune"}
    with pytest.raises(RecipeError, match=r"needs a table \[finetune\]"):
        recipe_from_dict(without)
    assert recipe_from_dict(frozen | {"finetune": None}) == load_recipe("report")
