"""Mistakes on the command line: one line that names the next step, exit code 2, nothing computed or left."""

import runpy
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from miniature import frontload, without

from pipeline.core.errors import UserError
from pipeline.study import commands

DOOR = str(Path(__file__).with_name("miniature.py"))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call the door in this process as its script does; return exit code and what it wrote to stderr."""

    def call(*args):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["frontload", *args])
        before = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
        GlobalHydra.instance().clear()
        try:
            runpy.run_path(DOOR, run_name="__main__")
            code = 0
        except SystemExit as left:
            code = left.code
        finally:
            GlobalHydra.instance().hydra, HydraConfig.instance().cfg = before
        return code, capsys.readouterr().err

    return call


TABLE = [
    (["pretrain_mix=ldqq"], "there is no pretrain_mix 'ldqq'; did you mean 'ldq'?"),
    (["pretrain_mix=nosuch"], "there is no pretrain_mix 'nosuch'; there are: alchemy, alf, "),
    (["recipe=smok"], "there is no recipe 'smok'; did you mean 'smoke'?"),
    (["stage=evl"], "there is no stage 'evl'; did you mean 'eval'?"),
    (["-m", "sweep=asymetry"], "there is no sweep 'asymetry'; did you mean 'asymmetry'?"),
    (["sft.lr=1"], "unknown key 'sft.lr'; did you mean 'sft.optimizer.lr'?"),
    (["+sft.lr=1"], "unknown key 'sft.lr'; did you mean 'sft.optimizer.lr'?"),
    (["lr=1"], "unknown key 'lr'; did you mean 'optimizer.lr'?"),
    (["phases.trunk.token=1k"], "unknown key 'phases.trunk.token'; did you mean 'phases.trunk.tokens'?"),
    (["+eval.suites.0.world.depth=3"], "unknown key"),
    (
        ["sft.block_rows=4"],
        "stands at its default in this recipe; set it with a plus: +sft.block_rows=VALUE",
    ),
    (["sft.optimizer.lr=abc"], "sft.optimizer.lr='abc': "),
    (["workers=-1"], "workers=-1: "),
    (["seed=0,1"], "seed=0,1 names several values; give -m"),
    (["seed=[1"], "cannot read 'seed=[1'; give KEY=VALUE"),
    (["report"], "cannot read 'report'; give KEY=VALUE"),
    (["recipe=real_text"], "reads files and data_root is not set; give data_root=PATH"),
    (["recipe=real_text", "data_root=nowhere"], "data_root nowhere is no folder; give the folder that holds"),
    (["sequence_length=600"], "sequence_length 600 is over model.max_position_embeddings 512; raise the latter or"),
    (["eval.max_new_tokens=500"], "are over model.max_position_embeddings=512; lower the former or raise the latter"),
    (["sweep=smoke"], "without -m would run one arm only; give `frontload -m "),
    (["force=true"], "force=true builds one named stage again; give stage=NAME"),
    (["sft_mix=none"], "`none` is for pretrain_mix only"),
    (["corpus=ldq", "stage=sft"], "stage 'sft' has nothing to do with one corpus; leave out corpus=ldq"),
    (["stage=report"], "nothing was evaluated yet"),
    (["-m", "sweep=smoke", "stage=report"], "nothing was evaluated yet"),
    (
        ["-m", "sweep=redundancy", "+sweep.claims.R2.group=family stories"],
        "claim R2 is about family 'stories', which eval",
    ),
    (["-m", "pretrain_mix=none,nosuch"], "there is no pretrain_mix 'nosuch'"),
    (["-m", "pretrain_mix=none,ldq", "sequence_length=600"], "sweep point ["),
    (["store=file"], "store=file: file is a file, not a folder; give store=FOLDER"),
    (["store=file/below"], "store=file/below: file is a file, not a folder"),
    (["store=file", "stage=ls"], "store=file: file is a file"),
    (["-m", "store=file", "pretrain_mix=none,ldq"], "store=file: file is a file"),
    (["store=/proc/none"], "store=/proc/none cannot be made"),
]


@pytest.mark.parametrize(("args", "line"), TABLE, ids=[" ".join(args) for args, _ in TABLE])
def test_a_mistake_is_one_line_with_the_next_step_and_leaves_nothing(args, line, run, tmp_path):
    (tmp_path / "file").touch()
    recipe = () if any(each.startswith(("recipe=", "sweep=")) for each in args) else ("recipe=smoke",)
    code, said = run("tracking=off", *recipe, *args)
    assert code == 2, said
    assert said.startswith("frontload: ") and said.count("\n") == 1
    assert line in said
    assert {path.name for path in tmp_path.rglob("*")} == {"file"}


def test_a_mix_that_cannot_meet_its_budget_is_one_line_and_leaves_no_mix(run, tmp_path):
    few = ("pretrain_mix=shq", "corpora.shq.world.num_documents=20", "pretrain_mix.max_repetitions=1")
    code, said = run(*without("corpora.shq"), *few, "workers=1", "stage=mix", "store=runs")
    assert code == 2
    assert said.startswith("frontload: mix branch-shq: corpus 'shq' would be read ") and said.count("\n") == 1
    assert not [path for path in (tmp_path / "runs" / "mix").iterdir() if "branch-shq" in path.name]


def test_an_element_of_a_list_is_not_taken_out(run):
    code, said = run("recipe=smoke", "~eval.suites.0.world.families.1")
    assert code == 2
    assert said.startswith("frontload: ~eval.suites.0.world.families.1: an element") and said.count("\n") == 1


def test_the_stack_is_shown_on_request(tmp_path):
    said = frontload("recipe=smok", cwd=tmp_path, env={"FRONTLOAD_DEBUG": "1"}).stderr
    assert "Traceback" in said and said.splitlines()[-1].startswith("frontload: there is no recipe 'smok'")


def test_flags_and_overrides_come_in_any_order(run):
    code, said = run("recipe=smoke", "-m", "pretrain_mix=none,nosuch")
    assert code == 2 and "there is no pretrain_mix 'nosuch'" in said


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        (["pretrain_mix=none,ldq", "seed=0,1"], [("none", 0), ("none", 1), ("ldq", 0), ("ldq", 1)]),
        (["sweep=smoke", "seed=2,3", "pretrain_mix=none", "sft_mix=shq"], [("none", 2), ("none", 3)]),
    ],
)
def test_a_question_may_be_about_several_arms_and_seeds(args, asked, run, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setitem(commands.QUESTIONS, "plan", lambda arms, _: seen.extend(arm for _, arm in arms))
    recipe = () if args[0].startswith("sweep=") else ("recipe=smoke",)
    assert run("-m", *recipe, "stage=plan", "store=runs", *args) == (0, "")
    assert [(arm.pretrain_mix.name, arm.seed) for arm in seen] == asked
    assert not (tmp_path / "runs").exists()


def test_user_errors_in_callbacks_are_not_hydras_warnings(run, monkeypatch):
    def refuse(*_, **__):
        raise UserError("no; do this")

    monkeypatch.setattr("pipeline.study.run.building.build", refuse)
    assert run("-m", "recipe=smoke", "pretrain_mix=none,ldq") == (2, "frontload: no; do this\n")
