"""What a command line chooses of an arm: all of it, one stage, or one corpus."""

from collections.abc import Sequence

from pipeline.core.errors import UserError
from pipeline.study.config.schema import Study
from pipeline.study.config.sweep import Point, command_of
from pipeline.study.graph import arm_graph, checkpoint_graph, corpus_graph
from pipeline.study.nodes.node import Node, distinct

Arm = tuple[Point, Study]


def chosen_nodes(study: Study) -> list[Node]:
    """The nodes that `stage=` (and `corpus=`) name in one arm."""
    if study.context.checkpoint and study.stage != "eval":
        raise UserError(f"checkpoint={study.context.checkpoint} is for stage=eval; give that, or leave it out")
    if study.stage == "compare":
        return compared_nodes(study)
    graph = _graph(study)
    nodes = [node for node in graph.values() if study.stage in ("all", node.stage)]
    if not nodes:
        raise UserError(f"stage '{study.stage}' has nothing to do with one corpus; leave out corpus={study.corpus}")
    return nodes


def compared_nodes(study: Study) -> list[Node]:
    """The cards of the two corpora that stage=compare is about."""
    if not (study.corpus and study.other_corpus):
        raise UserError("stage=compare sets two corpora side by side; give corpus=NAME other_corpus=NAME")
    graphs = [corpus_graph(study, name) for name in (study.corpus, study.other_corpus)]
    return [graph[f"measure:{name}"] for graph, name in zip(graphs, (study.corpus, study.other_corpus), strict=True)]


def _graph(study: Study) -> dict[str, Node]:
    if study.context.checkpoint:
        return checkpoint_graph(study)
    return corpus_graph(study, study.corpus) if study.corpus else arm_graph(study)


def command_for(node: Node, arms: Sequence[Arm]) -> str:
    """The line that repeats a node: the first arm that needs it."""
    for point, study in arms:
        if node.fingerprint in {each.fingerprint for each in distinct(chosen_nodes(study))}:
            return f"{command_of(point, study)} stage={node.stage}"
    raise AssertionError(f"no arm needs {node.label}")
