"""Every recipe, mix and sweep composes, parses and gives a graph."""

from pathlib import Path

import pytest

from pipeline.core.errors import UserError
from pipeline.study.graph import arm_graph
from pipeline.study.register import MIX_GROUPS, config_root
from pipeline.study.sweep import compose_arms, points

ROOT = Path(__file__).parents[2]
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
MIXES = sorted(path.stem for path in (ROOT / "data_mixes").glob("*.yaml"))
SWEEPS = sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml"))


def test_the_yaml_folders_are_found_beside_the_package():
    assert config_root() == ROOT


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name != "real_text"])
def test_every_recipe_of_the_world_gives_a_graph_that_ends_in_an_evaluated_sft(recipe, study):
    graph = arm_graph(study(f"recipe={recipe}"))
    assert list(graph)[-1] == "eval:sft"
    assert graph["eval:sft"].parents["checkpoint"].stage == "sft"


def test_a_recipe_that_reads_files_says_so_when_it_is_not_told_where_they_are(study):
    with pytest.raises(UserError, match="data_root is not set; give data_root=PATH"):
        arm_graph(study("recipe=real_text"))


@pytest.mark.parametrize("mix", MIXES)
def test_every_mix_can_be_pretrained_on(mix, study):
    assert study(f"pretrain_mix={mix}").pretrain_mix.name == mix


@pytest.mark.parametrize("sweep", SWEEPS)
def test_every_sweep_composes_to_checked_arms(sweep, study):
    config = study(f"sweep={sweep}").sweep
    arms = compose_arms(points(config, [f"sweep={sweep}"]))
    assert len(arms) == len({point for point, _ in arms}) > 1


def test_no_mix_is_shown_where_sft_needs_one(study):
    with pytest.raises(UserError, match="`none` is for pretrain_mix only"):
        study("sft_mix=none")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+sft.optimizer.rl=1", "unknown key 'sft.optimizer.rl'; did you mean 'sft.optimizer.lr'"),
        ("sequence_length=4096", "sequence_length 4096 is over model.max_position_embeddings 512"),
        ("phases.trunk.tokens=1.5", "'1.5' is not a whole number|1.5 is not a whole number"),
        ("corpora.ldq.world.families=[chain]", "chain"),
        ("tokenizer_corpora=[nvels]", "names corpus 'nvels'"),
        ("sft.optimizer.lr=0", "learning rate of 0"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(override, message, study):
    with pytest.raises(UserError, match=message) as caught:
        study(override)
    assert "\n" not in str(caught.value)


def test_mix_groups_share_their_files(study):
    for group in MIX_GROUPS:
        assert getattr(study(f"{group}=lmq"), group).weights == {"ldq": 0.75, "shq": 0.25}
