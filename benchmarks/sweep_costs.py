"""What a seed of each sweep costs, alone and after the ones before it: `python benchmarks/sweep_costs.py [sweep ...]`.

Composes every arm and counts its stages by fingerprint; runs nothing. CPU-minutes are tokens over TOKENS_A_SECOND and
EVAL_SECONDS an eval, on one core; data stages by the estimate of `study.work`. Sweeps in one store share what is equal:
`new` is what a sweep adds to those above it.
"""

import sys
from collections import Counter
from pathlib import Path

from hydra import compose, initialize

from pipeline.study.config.parsing import parse
from pipeline.study.config.register import register
from pipeline.study.config.sweep import compose_arms, points
from pipeline.study.graph import arm_graph
from pipeline.study.nodes.node import Node, distinct

TOKENS_A_SECOND = 11_000  # LFM2 of the tunnel, a core of the machine of LOG.md
EVAL_SECONDS = 16.0
INPUT_A_LOSS_TOKEN = 3.0  # of SFT documents: 2.1 (shq) to 3.8 (ldq)
SWEEPS = (
    *("asymmetry", "a_a", "one_dial", "sft_scaling", "budget"),
    *("timing", "ratio", "redundancy", "smoke"),
)


def nodes_of(name: str) -> tuple[int, list[Node]]:
    """How many arms a sweep has, and their distinct stages."""
    sweep = parse(compose("config", overrides=[f"sweep={name}"])).sweep
    assert sweep is not None
    arms = compose_arms(points(sweep, [f"sweep={name}"]))
    return len(arms), distinct(node for _, study in arms for node in arm_graph(study).values())


def seconds(node: Node) -> float:
    """Of one core."""
    if node.kind == "eval":
        return EVAL_SECONDS
    if node.kind not in ("pretrain", "sft"):
        return node.work
    plan = node.parents["plan"].literals["config"]
    return plan["budget"] * (INPUT_A_LOSS_TOKEN if plan["unit"] == "loss_tokens" else 1.0) / TOKENS_A_SECOND


def main() -> None:
    """Print the table, and what all of them share."""
    register()
    names = sys.argv[1:] or [name for name in SWEEPS if (Path("sweeps") / f"{name}.yaml").exists()]
    uses: Counter[str] = Counter()
    total = 0.0
    heads = ("arms", "stages", "pretrain", "sft", "eval", "minutes", "new", "minutes")
    print(f"{'sweep':<12} " + " ".join(f"{head:>8}" for head in heads))
    with initialize(version_base="1.3", config_path=None):
        for name in names:
            num_arms, nodes = nodes_of(name)
            kinds = Counter(node.kind for node in nodes)
            new = [node for node in nodes if node.fingerprint not in uses]
            uses.update(node.fingerprint for node in nodes)
            alone, added = (sum(map(seconds, each)) / 60 for each in (nodes, new))
            total += added
            counts = (num_arms, len(nodes), kinds["pretrain"], kinds["sft"], kinds["eval"], alone, len(new), added)
            print(f"{name:<12} " + " ".join(f"{count:>8.0f}" for count in counts), flush=True)
    shared = sum(count > 1 for count in uses.values())
    print(f"all: {len(uses)} stages, {shared} of them in two sweeps or more; {total:.0f} CPU-minutes a seed")


if __name__ == "__main__":
    main()
