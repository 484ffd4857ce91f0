"""A small sample of benchmarks/mutated_configs.py: whatever is wrong on a command line, what comes out is one line."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mutated_configs.py"


@pytest.fixture
def mutated(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("mutated_configs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(module.Runner, "build", module.accept)
    monkeypatch.setattr(module.door_module, "register", lambda: None)  # the session's fixture has
    before = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    GlobalHydra.instance().clear()
    yield module
    GlobalHydra.instance().hydra, HydraConfig.instance().cfg = before


def test_mistakes_end_in_one_line(mutated, tmp_path):
    broken = [line for line in mutated.lines(12, seed=1) if mutated.outcome([*line, "tracking=off"])[0] == "broken"]
    assert broken == []
    assert {path.name for path in tmp_path.iterdir()} <= {"runs"}


CONTRADICTIONS = [
    (["seed=0", "seed=1"], "seed is given twice, as 'seed=0' and as 'seed=1'; leave one of them out"),
    (["-m", "seed=0,1", "seed=2"], "seed is given twice"),
    (["recipe=smoke", "recipe=tunnel"], "is given twice"),
    (["pretrain_mix=[ldq,shq]"], "pretrain_mix=[ldq,shq]: pretrain_mix is one choice"),
    (["hydra/launcher=joblib"], "hydra/launcher (JoblibLauncher) starts jobs with -m only"),
    (["-m", "seed=0,1", "hydra/launcher=slurm"], "frontload: "),
]


@pytest.mark.parametrize(("line", "told"), CONTRADICTIONS, ids=[" ".join(line) for line, _ in CONTRADICTIONS])
def test_what_contradicts_itself_is_refused(line, told, mutated):
    recipe = [] if any(each.startswith("recipe=") for each in line) else ["recipe=smoke"]
    kind, said = mutated.outcome([*line, *recipe, "tracking=off"])
    assert kind == "refused" and told in said


def test_paths_may_hold_spaces_and_any_letters(mutated, tmp_path):
    assert mutated.outcome(["recipe=smoke", "tracking=off", "store='my rüns/次'"])[0] == "accepted"
    assert (tmp_path / "my rüns" / "次").is_dir()


OF_THE_COMPOSER = [
    (["recipe=1"], "recipe=1: `recipe` takes the name of an option; there are: "),
    (["recipe=scale/tiny"], "there is no recipe 'scale/tiny'; there are: "),
    (["hydra/launcher=1"], "hydra/launcher=1: `hydra/launcher` takes the name of an option; there are: basic"),
    (["hydra.launcher.n_jobs=3"], "'hydra.launcher.n_jobs' is of another launcher; name it on the line"),
    (["executor.knd=slurm"], "unknown key 'executor.knd'; did you mean 'executor.kind'?"),
    (["pretrain_mix=null"], "pretrain_mix"),
    (["phases.trunk.tokens=${nosuch}"], "phases.trunk.tokens: Interpolation key 'nosuch' not found"),
    (["phases.trunk.tokens=${phases.trunk.tokens}"], "phases.trunk.tokens"),
    (["eval=null"], "eval"),
    (["suites=1"], "suites"),
    (["+corpora.a={parent: b}", "+corpora.b={parent: a}", "corpus=a"], "corpus 'a' is its own parent (a > b > a)"),
]


@pytest.mark.parametrize(("line", "told"), OF_THE_COMPOSER, ids=[" ".join(line) for line, _ in OF_THE_COMPOSER])
def test_what_hydra_stumbles_over_is_one_line_that_names_it(line, told, mutated):
    kind, said = mutated.outcome([*([] if line[0].startswith("recipe=") else ["recipe=smoke"]), *line, "tracking=off"])
    assert kind == "refused" and told in said
