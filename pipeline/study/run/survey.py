"""What of a graph the store already holds, and what is left to build."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.core.errors import UserError
from pipeline.core.intact import expect_whole
from pipeline.core.store import Artifact, Store, Wanted
from pipeline.study.nodes.node import Node


@dataclass(slots=True)
class Survey:
    """Nodes in running order, split into done and to do; `done` grows while a run goes on."""

    nodes: list[Node]
    done: dict[str, Artifact] = field(default_factory=dict[str, Artifact])

    @property
    def todo(self) -> list[Node]:
        """What is left, parents before children."""
        return [node for node in self.nodes if node.fingerprint not in self.done]

    def is_ready(self, node: Node) -> bool:
        """Whether all its parents are built."""
        return all(parent.fingerprint in self.done for parent in node.parents.values())

    def parents(self, node: Node) -> dict[str, Artifact]:
        """Its parents' artifacts by role."""
        return {role: self.done[parent.fingerprint] for role, parent in node.parents.items()}


def survey(
    nodes: Iterable[Node],
    store: Store,
    forced: frozenset[str] = frozenset(),
    damaged: dict[str, str] | None = None,
) -> Survey:
    """Look each node up. A node counts as done if its newest attempt was made from its parents' newest content.

    damaged: gets, by fingerprint, what is wrong with a node whose record or files are not what they should be; it
    then counts as not done. Raises UserError at the first of them where none is given.
    """
    result = Survey(list(nodes))
    for node in result.nodes:
        if node.fingerprint in forced or not result.is_ready(node):
            continue
        try:
            artifact = store.find(node.stage, node.fingerprint)
            if artifact is not None and not store.is_stale(artifact):
                expect_whole(artifact)
                result.done[node.fingerprint] = artifact
        except UserError as error:
            if damaged is None:
                raise
            damaged[node.fingerprint] = str(error)
    return result


def wanted(node: Node, parents: Mapping[str, Artifact]) -> Wanted:
    """The node as the store asks for it."""
    return as_asked(node, {parent.fingerprint: parents[role] for role, parent in node.parents.items()})


def as_asked(node: Node, parents: Mapping[str, Artifact | Wanted]) -> Wanted:
    """The same of a node whose parents may be wanted themselves; they are given by fingerprint."""
    return Wanted(
        stage=node.stage,
        label=node.label,
        version=node.version,
        literals={**node.literals, "kind": node.kind, "roles": list(node.parents)},
        parents=tuple(parents[parent.fingerprint] for parent in node.parents.values()),
        seed=node.seed,
    )
