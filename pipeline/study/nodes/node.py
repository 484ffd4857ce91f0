"""A node of the stage graph: one artifact that is wanted, as plain data that any process can build."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.core.fingerprint import fingerprint


@dataclass(frozen=True, kw_only=True)
class Node:
    """What to build and from what. `kind` picks the verb; `stage` is its shelf in the store."""

    kind: str
    stage: str
    label: str  # for people only
    version: str
    literals: Mapping[str, Any]
    parents: Mapping[str, "Node"]  # role -> node
    seed: int
    work: float  # rough size, in the seconds one core of a laptop takes: for order and ETA only

    @cached_property
    def fingerprint(self) -> str:
        """Its identity: stage, version, literals and its parents' identities, each in its role."""
        literals = {**self.literals, "kind": self.kind, "roles": list(self.parents)}
        return fingerprint(self.stage, self.version, literals, [parent.fingerprint for parent in self.parents.values()])

    def ancestors(self) -> Iterator["Node"]:
        """Every node it needs, parents before children, itself last; each may come more than once."""
        for parent in self.parents.values():
            yield from parent.ancestors()
        yield self


def distinct(nodes: Iterable[Node]) -> list[Node]:
    """All nodes and what they need, each fingerprint once, parents before children."""
    found: dict[str, Node] = {}
    for node in nodes:
        for ancestor in node.ancestors():
            found.setdefault(ancestor.fingerprint, ancestor)
    return list(found.values())
