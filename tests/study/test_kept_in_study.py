"""Checkpoints kept on the way, from the command line to the page."""

import pytest
from rich.console import Console

from pipeline.core.errors import UserError
from pipeline.study.config.kept import split_counts
from pipeline.study.graph import arm_graph
from pipeline.study.results.publish import write_report


def test_counts_fall_into_phases_and_the_end_is_kept_anyway():
    budgets = {"trunk": 40, "branch": 60}
    assert split_counts("k", (10, 40, 41, 100), budgets) == {"trunk": (10, 40), "branch": (1,)}
    assert split_counts("k", (), budgets) == {"trunk": (), "branch": ()}
    with pytest.raises(ValueError, match=r"^training.keep_at 101 is over the 100 of trunk and branch; leave it out$"):
        split_counts("training.keep_at", (101,), budgets)


def test_a_count_that_is_never_reached_is_refused_when_it_is_read(study):
    with pytest.raises(
        UserError, match=r"^training.keep_at 200000 is over the 100000 of trunk and branch; leave it out"
    ):
        study("+training.keep_at=[10k,200k]")
    with pytest.raises(UserError, match=r"^sft.training.keep_at 9000 is over the 8000 of sft; leave it out"):
        study("+sft.training.keep_at=[9k]")


def test_each_kept_checkpoint_has_an_eval_of_its_own_and_the_rest_keeps_its_identity(study):
    plain, keeping = arm_graph(study()), arm_graph(study("+training.keep_at=[50k]"))
    assert set(keeping) - set(plain) == {"eval:pretrain:branch@10000"}
    node = keeping["eval:pretrain:branch@10000"]
    assert (node.stage, node.literals["at"]) == ("eval", 10000)
    assert node.parents["checkpoint"] is keeping["pretrain:branch"]
    assert keeping["pretrain:trunk"].fingerprint == plain["pretrain:trunk"].fingerprint
    assert keeping["pretrain:branch"].fingerprint != plain["pretrain:branch"].fingerprint


def test_an_arm_evaluates_what_it_keeps_and_shows_it(runs):
    keeping = ("+training.keep_at=[3k,8k]", "+sft.training.keep_at=[700]")
    assert runs.build(*keeping, "stage=eval") == []
    assert len(runs.folders("eval")) == 5
    (trunk,) = runs.root.glob("pretrain/trunk-*")
    assert sorted(path.name for path in (trunk / "at").iterdir()) == ["000000003000"]
    assert not list(runs.root.glob("*/*/restart"))
    write_report([runs.arm(*keeping)], Console(quiet=True))
    (table,) = runs.root.glob("report/*/tables/kept.csv")
    assert len(table.read_text().splitlines()) == 6
