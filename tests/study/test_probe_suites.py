"""The probes that come as files: off by default, added by name, and each asks what it says it asks."""

from pathlib import Path

import pytest

from pipeline.core.errors import UserError
from pipeline.study.graph import arm_graph, world_key
from pipeline.study.run.fit import check_prompts
from pipeline.tasks.suite import load_suite

ROOT = Path(__file__).parents[2]
PROBES = sorted(path.stem for path in (ROOT / "recipes" / "probes").glob("*.yaml"))
OF_THE_WORLD = [name for name in PROBES if name != "reflection_gsm8k"]


def test_no_probe_is_asked_unless_it_is_named(study):
    assert not any(suite.is_probe for suite in study("recipe=tunnel").eval.suites)


@pytest.mark.parametrize("name", OF_THE_WORLD)
def test_every_probe_of_the_world_is_added_by_name_has_its_problems_and_fits_the_tunnel(name, study):
    config = study("recipe=tunnel", f"probes=[{name}]")
    *others, probe = config.eval.suites
    assert (probe.name, probe.is_probe) == (name, True)
    assert others == list(study("recipe=tunnel").eval.suites)
    assert len(load_suite(probe, study_key=world_key(config), data_root=None)) > 200
    check_prompts([config])


def test_several_probes_at_once(study):
    assert [suite.name for suite in study(f"probes=[{','.join(PROBES)}]").eval.suites][-len(PROBES) :] == PROBES


def test_a_probe_of_a_file_that_is_not_there_is_passed_over(study, tmp_path):
    config = study("probes=[reflection_gsm8k]", f"data_root={tmp_path}")
    check_prompts([config])
    evaluation = arm_graph(config)["eval:sft"].literals["config"]
    assert [suite["name"] for suite in evaluation["suites"]] == ["world"]
    assert [absent["path"] for absent in evaluation["missing"]] == ["gsm8k/test.jsonl"]


def test_letters_ask_what_their_corpus_trains(study):
    config = study("recipe=letters")
    (letters,) = (suite.alchemy for suite in config.eval.suites if suite.alchemy)
    corpus = config.corpora["alchemy"].alchemy
    assert letters.trained == corpus.compositions
    assert (letters.trained_length,) == corpus.lengths


def test_a_chain_of_thought_that_leaves_no_room_is_found_before_anything_is_built(study):
    config = study("recipe=tunnel", "eval.suites=[]", "probes=[reflection]", "eval.max_new_tokens=170")
    problems = load_suite(config.eval.suites[0], study_key=world_key(config), data_root=None)
    assert max(len(problem.prompt.split()) for problem in problems) + 170 < config.model.max_position_embeddings
    with pytest.raises(UserError, match=r"eval.max_new_tokens=170 and a prompt of at least \d+ tokens are over"):
        check_prompts([config])
