"""What arms share, and what a setting moves."""

from pipeline.study.graph import arm_graph, arm_name
from pipeline.study.nodes.node import distinct


def fingerprints(study):
    return {key: node.fingerprint for key, node in arm_graph(study).items()}


def moved(before, after):
    return {key for key in before if before[key] != after.get(key)}


def test_arms_of_one_seed_share_the_trunk_and_not_the_branch(study):
    none, ldq = fingerprints(study("pretrain_mix=none")), fingerprints(study("pretrain_mix=ldq"))
    assert none["pretrain:trunk"] == ldq["pretrain:trunk"]
    assert none["pretrain:branch"] != ldq["pretrain:branch"]


def test_sft_settings_move_only_what_lies_after_pretraining(study):
    before = fingerprints(study())
    assert moved(before, fingerprints(study("sft.optimizer.lr=1e-4"))) == {"sft", "eval:sft"}
    assert moved(before, fingerprints(study("sft.passes=2"))) == {"mix:sft", "sft", "eval:sft"}


def test_an_eval_setting_moves_only_evals(study):
    assert moved(fingerprints(study()), fingerprints(study("eval.max_new_tokens=41"))) == {"eval:pretrain", "eval:sft"}


def test_the_machine_is_not_identity(study):
    context = ("store=elsewhere", "workers=7", "tracking=off", "lock=lease", "data_root=/data", "stage=sft")
    assert fingerprints(study()) == fingerprints(study(*context))


def test_words_for_people_are_not_identity(study):
    assert fingerprints(study()) == fingerprints(study("recipe_says=hello"))


def test_the_seed_redraws_everything_but_the_tokenizer(study):
    before, after = fingerprints(study()), fingerprints(study("seed=1"))
    assert set(before) - moved(before, after) == {"tokenize:tokenizer"}


def test_a_replicate_redraws_only_what_lies_after_the_trunk(study):
    before, after = fingerprints(study()), fingerprints(study("replicate=1"))
    expected = {"mix:branch", "pretrain:branch", "mix:sft", "sft", "eval:pretrain", "eval:sft"}
    assert moved(before, after) == expected


def test_a_filtered_corpus_reads_its_parents_documents(study):
    graph = arm_graph(study("sft_mix=alf"))
    assert graph["curate:alf"].parents["documents"] is graph["sources:ldq"]


def test_none_turns_the_reasoning_share_into_base_at_equal_total_tokens(study):
    with_ldq = arm_graph(study("pretrain_mix=ldq"))["mix:branch"].literals["config"]
    without = arm_graph(study("pretrain_mix=none"))["mix:branch"].literals["config"]
    assert with_ldq["weights"] == {"base": 0.5, "ldq": 0.5}
    assert without["weights"] == {"base": 1.0}
    assert with_ldq["budget"] == without["budget"]


def test_the_union_keeps_its_inner_shares(study):
    weights = arm_graph(study("pretrain_mix=lmq"))["mix:branch"].literals["config"]["weights"]
    assert weights == {"base": 0.5, "ldq": 0.375, "shq": 0.125}


def test_distinct_counts_shared_nodes_once_and_puts_parents_first(study):
    nodes = distinct(node for mix in ("none", "ldq") for node in arm_graph(study(f"pretrain_mix={mix}")).values())
    names = [node.fingerprint for node in nodes]
    assert len(names) == len(set(names))
    for node in nodes:
        for parent in node.parents.values():
            assert names.index(parent.fingerprint) < names.index(node.fingerprint)
    assert sum(node.stage == "pretrain" for node in nodes) == 3  # one trunk, two branches


def test_arm_names_read_like_the_sweep(study):
    assert arm_name(study("pretrain_mix=none", "sft_mix=shq", "sft.passes=2")) == "none > 2x shq"
    assert arm_name(study("pretrain_mix=ldq", "sft_mix=lmq")) == "ldq > lmq"
