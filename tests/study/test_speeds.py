"""The ETA learns from every record in the store, whatever study it is of."""

from dataclasses import replace

from pipeline.core.ledger import Ledger
from pipeline.core.store import Store, Wanted
from pipeline.lm.config import Training
from pipeline.study.nodes import work
from pipeline.study.run.speeds import learn_from, work_of


def build(store, kind, ledger, **literals):
    wanted = Wanted(stage=kind, label=kind, version=1, literals={"kind": kind, **literals})
    return store.build(wanted, lambda _: ledger)


def test_work_follows_from_literals_and_ledger(tmp_path):
    store = Store(tmp_path)
    curated = build(store, "curate", Ledger(documents=1000), config={})
    assert work_of(curated.record) == work.of_count(1000, work.SECONDS_A_DOCUMENT["curate"])
    training = Training(batch_rows=8, log_every=1, checkpoint_every=100, precision="bf16", compile=False)
    config = {"training": training.literals()}
    trained = build(store, "sft", Ledger(input_tokens=10_000, flops=150e9), config=config)
    assert work_of(trained.record) == work.START + 10_000 * 8e-6 + 1.0
    assert work_of(build(store, "mix", Ledger(), config={}).record) == work.SECONDS_OF_A_MIX


def test_records_that_cannot_be_sized_teach_nothing(tmp_path):
    store = Store(tmp_path)
    build(store, "sft", Ledger(), config={"training": {"no_such_key": 1}})
    build(store, "eval", Ledger())
    build(store, "report", Ledger())
    assert [work_of(artifact.record) for artifact in store.artifacts()] == [None, None, None]
    learn_from(store.artifacts())


def test_what_took_twice_as_long_is_expected_to_again(study, tmp_path):
    from pipeline.study.graph import arm_graph

    node = arm_graph(study())["mix:sft"]
    artifact = build(Store(tmp_path), "mix", Ledger(), config={})
    slow = replace(artifact, record=replace(artifact.record, wall_seconds=2 * work.SECONDS_OF_A_MIX))
    assert learn_from([slow]).seconds(node) == 2 * node.work
