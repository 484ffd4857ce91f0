r"""Which stage needs which: one arm as a graph of nodes.

    sources -> curate -> tokenize -> mix -> pretrain (phase after phase) -> sft -> eval
                                                    \________________________> eval

`rl` will stand between `sft` and its eval, `verdict` between eval and `report`.
Every literal that can change a result is put in where the nodes are made, and nothing else: look for a number that is
missing from a fingerprint in `data_nodes`, `model_nodes` and `eval_nodes`.
"""

from pipeline.study.config.arm_names import after_pretraining, arm_name, world_key
from pipeline.study.config.schema import Study
from pipeline.study.nodes.eval_nodes import EvalNodes
from pipeline.study.nodes.node import Node

__all__ = ["arm_graph", "arm_name", "checkpoint_graph", "corpus_graph", "world_key"]


def arm_graph(study: Study) -> dict[str, Node]:
    """The nodes of one arm by key (`pretrain:branch`, `eval:sft`, ...), in running order."""
    builder = EvalNodes(study)
    nodes: dict[str, Node] = {}
    previous: Node | None = None
    for name, phase in study.phases.items():
        nodes[f"mix:{name}"] = builder.phase_mix(name, phase)
        previous = builder.pretrain(name, phase, nodes[f"mix:{name}"], previous)
        nodes[f"pretrain:{name}"] = previous
        nodes |= builder.kept_evaluations(f"pretrain:{name}", previous, nodes[f"mix:{name}"].label)
    assert previous is not None
    nodes["eval:pretrain"] = builder.evaluation(previous, after_pretraining(study))
    if study.sft.budget == 0:
        return {**builder.data_nodes, **nodes}
    nodes["mix:sft"] = builder.sft_mix()
    nodes["sft"] = builder.sft(previous, nodes["mix:sft"])
    nodes |= builder.kept_evaluations("sft", nodes["sft"], arm_name(study))
    nodes["eval:sft"] = builder.evaluation(nodes["sft"], arm_name(study))
    return {**builder.data_nodes, **nodes}


def corpus_graph(study: Study, name: str) -> dict[str, Node]:
    """The nodes of one corpus alone, for `stage=curate corpus=...`; what the tokenizer reads comes along unnamed, and
    only where something is to be encoded.
    """
    builder = EvalNodes(study)
    builder.measured(name)
    if study.stage in ("all", "tokenize"):
        builder.tokenized(name)
    kinds = ("curate", "measure", "tokenize")
    own = {f"sources:{study.resolve_corpus(name).name}", *(f"{kind}:{name}" for kind in kinds)}
    return {key: node for key, node in builder.data_nodes.items() if key in own}


def checkpoint_graph(study: Study) -> dict[str, Node]:
    """The eval of the one checkpoint that `checkpoint=` names, known by its content; it needs nothing of the store."""
    name = study.context.checkpoint
    assert name is not None, "chosen_nodes asks only where one is given"
    return {"eval:checkpoint": EvalNodes(study).outside_evaluation(name)}
