"""Every recipe, mix and sweep composes, parses and gives a graph."""

from pathlib import Path

import pytest

from pipeline.core.errors import UserError
from pipeline.study.config.register import MIX_GROUPS, config_root
from pipeline.study.config.sweep import compose_arms, points
from pipeline.study.graph import arm_graph
from pipeline.study.results.claimed import check_claims

ROOT = Path(__file__).parents[2]
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.yaml"))
OF_FILES = ["code", "real_text", "paper_8b", "paper_8b_v1"]
MIXES = sorted(path.stem for path in (ROOT / "data_mixes").glob("*.yaml"))
SWEEPS = sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml"))


def test_the_yaml_folders_are_found_beside_the_package():
    assert config_root() == ROOT


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name not in OF_FILES])
def test_every_recipe_of_the_world_gives_a_graph_that_ends_in_an_evaluated_sft(recipe, study):
    graph = arm_graph(study(f"recipe={recipe}"))
    assert list(graph)[-1] == "eval:sft"
    assert graph["eval:sft"].parents["checkpoint"].stage == "sft"


@pytest.mark.parametrize("recipe", OF_FILES)
def test_a_recipe_that_reads_files_says_so_when_it_is_not_told_where_they_are(recipe, study):
    with pytest.raises(UserError, match="data_root is not set; give data_root=PATH"):
        arm_graph(study(f"recipe={recipe}"))


@pytest.mark.parametrize("mix", MIXES)
def test_every_mix_can_be_pretrained_on(mix, study):
    assert study(f"pretrain_mix={mix}").pretrain_mix.name == mix


@pytest.mark.parametrize("sweep", SWEEPS)
def test_every_sweep_composes_to_checked_arms_that_its_claims_can_be_asked_of(sweep, study):
    config = study(f"sweep={sweep}").sweep
    arms = compose_arms(points(config, [f"sweep={sweep}"]))
    check_claims(arms)
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
        (
            ["tokenizer.kind=bpe", "+tokenizer.vocab_size=600", "+model.extra.vocab_size=599"],
            "vocab_size 599 is smaller than tokenizer.vocab_size 600; give at least 600",
        ),
        ("+sft.optimizer.kind=sgd", "sft.optimizer.kind='sgd': .*'adamw' or 'muon'"),
        ("+phases.trunk.schedule_kind=cosine", "phases.trunk.schedule_kind=cosine .* another phase follows; give wsd"),
        ("phases.branch.decay=1.1", "phases.branch.decay=1.1: .* less than or equal to 1"),
        ("+phases.branch.schedule_kind=constant", "decay=0.3 belongs to the schedule wsd; leave it out of constant"),
        ("+phases.branch.warmup=0.8", "warmup 0.8 and decay 0.3 are more than the whole stage"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(override, message, study):
    with pytest.raises(UserError, match=message) as caught:
        study(*([override] if isinstance(override, str) else override))
    assert "\n" not in str(caught.value)


def test_schedules_and_optimizers_reach_the_phases(study):
    overrides = ("+phases.branch.schedule_kind=cosine", "phases.branch.decay=0", "+phases.branch.min_ratio=0.1")
    graph = arm_graph(study(*overrides, "+optimizer.kind=muon"))
    trunk, branch = (graph[f"pretrain:{name}"].literals["config"] for name in ("trunk", "branch"))
    assert trunk["schedule"] == {"kind": "wsd", "warmup": 0.05, "decay": 0.0, "min_ratio": 0.0}
    assert branch["schedule"] == {"kind": "cosine", "warmup": 0.0, "decay": 0.0, "min_ratio": 0.1}
    assert trunk["optimizer"]["kind"] == branch["optimizer"]["kind"] == "muon"
    assert graph["sft"].literals["config"]["optimizer"]["kind"] == "adamw"


def test_mix_groups_share_their_files(study):
    for group in MIX_GROUPS:
        assert getattr(study(f"{group}=lmq"), group).weights == {"ldq": 0.75, "shq": 0.25}
