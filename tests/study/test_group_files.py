"""A user's own recipe, mix, corpus, suite or sweep: what is wrong with the file is said with its name and its line."""

import copy
import pickle

import pytest
from omegaconf import OmegaConf

from pipeline.core.errors import UserError
from pipeline.core.executor import Executor
from pipeline.study.config import group_files
from pipeline.study.config.group_files import as_word, checked_benchmark, checked_mix, load, sweep_node
from pipeline.study.config.primary import PRIMARY
from pipeline.study.config.register import Later, config_root

BAD = [
    (load, "a: [", "mine.yaml, line 1, column 5: this is no YAML: expected the node content, but found "),
    (load, "a: 1\na: 2", "mine.yaml, line 2, column 1: this is no YAML: found duplicate key a"),
    (load, "\ta: 1", "line 1, column 1: this is no YAML: found character"),
    (load, "a: 1\n---\na: 2", "line 2, column 1: this is no YAML: but found another document"),
    (load, "a: !!python/object:os.system x", "this is no YAML: could not determine a constructor"),
    (load, "null: 1", "mine.yaml: Incompatible key type 'NoneType'"),
    (load, "- 1", "mine.yaml: expected keys and values, found list"),
    (load, "a: \udce4", "mine.yaml: this is no UTF-8 text; save it as UTF-8"),
    (load, "a: '${'", "mine.yaml: "),
    (load, "defaults: tunnel", "mine.yaml: `defaults` is a list, such as [tunnel, _self_]; found 'tunnel'"),
    (checked_mix, "weight: {ldq: 1}", "mine.yaml: a mix has `weights: {CORPUS: SHARE}`, and this one has none"),
    (checked_benchmark, "harness: 1", "mine.yaml: `harness` holds keys and values, found 1"),
    (checked_benchmark, "harness: {}", "mine.yaml: a benchmark is `harness: {tasks: {NAME: {..}}}`"),
    (checked_benchmark, "harness: {tasks: {a: 1}}", "mine.yaml: `a` holds keys and values, found 1"),
    (sweep_node, "axes: 1", "mine.yaml: `axes` holds keys and values, found 1"),
    (sweep_node, "axes: {seed: 1}", "mine.yaml: axes.seed is a list of values, such as [0, 1]; found 1"),
    (sweep_node, "axes: {seed: []}", "mine.yaml: axes.seed is a list of values, such as [0, 1]; found []"),
]


@pytest.mark.parametrize(("read", "text", "told"), BAD, ids=[ascii(text) for _, text, _ in BAD])
def test_a_bad_file_is_one_line_with_its_name_and_place(read, text, told, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UserError) as raised:
        read(path)
    assert told in str(raised.value) and "\n" not in str(raised.value)
    assert str(raised.value).startswith(str(path))


def test_every_file_that_comes_along_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("\ufeffdefaults: [smoke, _self_]\nseed: 1\n", encoding="utf-8")
    assert load(path) == {"defaults": ["smoke", "_self_"], "seed": 1}
    path.write_text("")
    assert load(path) == {}


def test_a_sweeps_axes_are_hydras_and_nothing_is_null(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("says: why\naxes: {seed: [0, 1], claim: [null, C1]}\n")
    node = sweep_node(path)
    assert node["hydra"]["sweeper"]["params"] == {"seed": "0,1", "claim": "null,C1"}
    assert node["sweep"]["name"] == "mine" and as_word(None) == "null" and as_word(0.5) == "0.5"


def test_a_task_without_settings_has_those_of_the_file_of_its_name(tmp_path):
    for name, text in (("gsm8k", "{gsm8k: {metric: em}}"), ("all", "{gsm8k: null, arc: {metric: acc}}")):
        (tmp_path / f"{name}.yaml").write_text(f"harness: {{tasks: {text}}}")
    files = {name: checked_benchmark(tmp_path / f"{name}.yaml") for name in ("gsm8k", "all")}
    whole = group_files.benchmark_node(files["all"], files)
    assert whole["harness"]["tasks"] == {"gsm8k": {"metric": "em"}, "arc": {"metric": "acc"}}


def test_files_are_read_as_omegaconf_reads_them(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("rate: 1e-4\nday: 2026-01-02\nnone: null\nlist: [on, 012, .5, -1_000]\nof: '${rate}'\n2: two\n")
    assert load(path) == {str(key): value for key, value in _slowly(path).items()}
    assert load(path)["rate"] == 0.0001 and load(path)["of"] == "${rate}"
    ours = [path for folder in ("recipes", "data_mixes", "sweeps") for path in (config_root() / folder).rglob("*.yaml")]
    assert len(ours) > 100
    assert [str(path) for path in ours if load(path) != _slowly(path)] == []


def _slowly(path):
    return OmegaConf.to_container(OmegaConf.load(path))


def test_a_stored_file_becomes_a_node_when_it_is_asked_for_and_survives_copies():
    stored = Later("mine.yaml", {"a": {"b": 1}}, "recipe", "_global_")
    assert "node" not in vars(stored)
    for each in (copy.copy(stored), pickle.loads(pickle.dumps(stored)), stored):
        assert each.node == OmegaConf.create({"a": {"b": 1}})
    assert (stored.name, stored.group, stored.package, stored.provider) == ("mine.yaml", "recipe", "_global_", None)


def test_the_primary_config_has_the_executors_defaults_without_importing_it():
    assert PRIMARY["executor"] == Executor().model_dump(mode="json")
