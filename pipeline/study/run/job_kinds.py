"""Which nodes go into one job of a cluster: those that the same arms need and that want the same kind of machine."""

from collections.abc import Sequence

from pipeline.lm.config import Training
from pipeline.study.nodes.node import Node
from pipeline.study.nodes.verbs import TRAININGS
from pipeline.study.run.crew import Task
from pipeline.study.run.launch import Cluster

DATA_KINDS = ("sources", "curate", "measure", "tokenizer", "tokenize", "mix")


def group_tasks(todo: Sequence[Node], arms: Sequence[frozenset[str]], cluster: Cluster) -> list[Task]:
    """What each job builds, in running order: nodes that the same arms need and that want the same kind of job.

    arms: the fingerprints that each arm needs.
    """
    groups: dict[tuple[object, ...], list[Node]] = {}
    kinds = {node.fingerprint: kind_of(node, cluster) for node in todo}
    turns: dict[str, int] = {}  # how often the kind of job changes on the way to a node: no two jobs need each other
    for node in todo:
        kind = kinds[node.fingerprint]
        before = [parent.fingerprint for parent in node.parents.values() if parent.fingerprint in kinds]
        turn = max((turns[each] + (kinds[each] != kind) for each in before), default=0)
        turns[node.fingerprint] = turn
        needing = tuple(number for number, needed in enumerate(arms) if node.fingerprint in needed)
        groups.setdefault((needing, kind, turn), []).append(node)
    return [Task(tuple(nodes)) for nodes in groups.values()]


def kind_of(node: Node, cluster: Cluster) -> str:
    """Of the job that a node wants: `data`, `together` (on several ranks) or `one`."""
    if node.kind in DATA_KINDS:
        return "data"
    is_parallel = node.kind in TRAININGS and training_of(node).parallel != "none"
    return "together" if is_parallel and cluster.num_ranks > 1 else "one"


def training_of(node: Node) -> Training:
    """How a training node trains."""
    return Training.model_validate(node.literals["config"]["training"])
