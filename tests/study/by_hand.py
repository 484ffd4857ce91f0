"""A sweep's stages made by hand: every artifact of its arms, with ledgers as their configs would give and scores whose
truth is known. Nothing is trained. `python by_hand.py FOLDER SEEDS SWEEP...` leaves such a store for a look.
"""

import io
import sys
import zlib

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from hydra import compose
from rich.console import Console

from pipeline.core.ledger import Ledger, SourceUse
from pipeline.core.plan import MixPlan, PlannedSource
from pipeline.core.scores import SCORE_SCHEMA
from pipeline.core.store import Store
from pipeline.study.config.parsing import parse
from pipeline.study.config.sweep import compose_arms, points
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.node import distinct
from pipeline.study.results.measured import at_seeds
from pipeline.study.run.survey import survey, wanted

FAMILIES = {"story": "math", "chains": "math", "food": "science", "grid": "code", "pour": "science"}
CONTROLS = {"lookup": "world", "instruct": "instruct"}  # by the suite that asks them
UNIQUE = 10**6


def arms_of(name, root, seeds):
    """The arms of a sweep at some seeds, with a store and committed results of their own."""
    fixed = [f"sweep={name}", f"store={root / 'runs'}", f"results={root / 'results'}"]
    sweep = parse(compose("config", overrides=fixed)).sweep
    return at_seeds(compose_arms(points(sweep, fixed)), seeds)


def build(arms, level, *, but=(), problems=20):
    """Every stage of the arms that is not there yet. level: an eval's node to its share of right answers."""
    store = Store(arms[0][1].context.store)
    for node in distinct(node for _, study in arms for node in arm_graph(study).values()):
        if node.stage not in but:
            found = survey(distinct([node]), store)
            asked = wanted(node, found.parents(node))
            store.build(asked, lambda out, node=node: _make(node, out, level, problems))


def spent(node):
    """Shares of all tokens of reasoning by corpus behind an eval: early, and in SFT or a last phase."""
    parts = {}, {}
    node = node.parents["checkpoint"]
    while node is not None:
        is_late = node.stage == "sft" or "late" in node.parents["plan"].label.split("-")[0]
        for corpus, tokens in _shares(node).items():
            if corpus != "base":
                parts[is_late][corpus] = parts[is_late].get(corpus, 0) + tokens
        node = node.parents.get("checkpoint")
    total = sum(sum(part.values()) for part in parts) or 1
    return tuple({corpus: tokens / total for corpus, tokens in part.items()} for part in parts)


def noise(node, spread):
    """A normal number that belongs to an eval: the same in every process."""
    return np.random.default_rng(zlib.crc32(node.fingerprint.encode())).normal(0, spread)


def _shares(node):
    """Corpus to tokens, of a training stage."""
    plan = node.parents["plan"].literals["config"]
    total = sum(plan["weights"].values())
    return {corpus: round(plan["budget"] * weight / total) for corpus, weight in plan["weights"].items()}


def _make(node, out, level, problems):
    if node.kind == "eval":
        pq.write_table(
            pa.Table.from_pylist(list(_rows(node, level(node), problems)), schema=SCORE_SCHEMA), out / "rows.parquet"
        )
        (out / "summary.json").write_bytes(orjson.dumps({"bits_per_byte": {"base": 1.5 + noise(node, 0.01)}}))
    if node.kind == "mix":
        _plan(node.literals["config"]).save(out / "plan.json")
    if node.kind in ("curate", "measure"):
        (out / "card.json").write_bytes(orjson.dumps(_CARDS[node.kind]))
    if node.kind not in ("pretrain", "sft"):
        return Ledger()
    shares = _shares(node)
    budget = sum(shares.values())
    uses = {
        name: SourceUse(tokens=count, unique_tokens=UNIQUE, passes=count / UNIQUE) for name, count in shares.items()
    }
    return Ledger(input_tokens=budget, loss_tokens=budget, flops=1.0 * budget, sources=uses)


_CARDS = {
    "curate": {"kept": 1},
    "measure": {"before": {"size": {"documents": 1}}, "after": {"size": {"documents": 1}}, "curation": {"dropped": {}}},
}


def _plan(config):
    total = sum(config["weights"].values())
    sources = tuple(
        PlannedSource(
            corpus=corpus, share=weight / total, unit_per_document=50.0, num_documents=20_000, unique_tokens=UNIQUE,
            planned=round(config["budget"] * weight / total), passes=config["budget"] * weight / total / UNIQUE,
        )
        for corpus, weight in config["weights"].items()
    )  # fmt: skip
    return MixPlan(
        budget=config["budget"], unit=config["unit"], loss=config["loss"], sequence_length=config["sequence_length"],
        block_rows=config["block_rows"], stream_key="k", sources=sources,
    )  # fmt: skip


def _rows(node, share, problems):
    suites = dict.fromkeys(FAMILIES, "world") | CONTROLS
    for task, suite in sorted(suites.items(), key=lambda pair: pair[1] != "world"):
        for index in range(problems):
            yield {
                "suite": suite, "task": task, "problem": f"{task}-{node.seed}-{index}", "sample": 0, "kind": "greedy",
                "domain": FAMILIES.get(task, ""), "depth": 1 + index % 3, "held_out": task == "pour",
                "lookup": task in CONTROLS, "gold": str(index), "prompt_hash": "p", "completion": "long",
                "correct": index < problems * share, "well_formed": True,
            }  # fmt: skip


def by_surface(node):
    """Points as `docs/verdicts.md` puts them: best with 60 % early, breadth early and quality late."""
    early, late = spent(node)
    share = sum(early.values())
    broad, clean = ("ldq", "mixed", "clean", "hqb"), ("shq", "clean", "clean_narrow", "hqb")
    gain = 60 * share - 50 * share**2
    gain += 8 * sum(early.get(name, 0) for name in broad) + 6 * sum(late.get(name, 0) for name in clean)
    return 0.2 + (gain + 3 * (node.seed % 3) + noise(node, 1.0)) / 100


if __name__ == "__main__":
    from pathlib import Path

    from hydra import initialize

    from pipeline.study.config.register import register

    register()
    with initialize(version_base="1.3", config_path=None):
        for swept in sys.argv[3:]:
            made = arms_of(swept, Path(sys.argv[1]), range(int(sys.argv[2])))
            build(made, by_surface, problems=200)


def said(ask, arms):
    """What a command says of arms."""
    heard = io.StringIO()
    ask(arms, Console(file=heard, width=200))
    return heard.getvalue()


def elsewhere(arms, root):
    """The same arms with an empty store."""
    return [
        (point, study.model_copy(update={"context": study.context.model_copy(update={"store": root})}))
        for point, study in arms
    ]
