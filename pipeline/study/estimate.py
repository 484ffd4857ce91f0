"""How long the rest will take: work still to do, at the speed seen so far for each kind of stage."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipeline.study.node import Node


class Estimate:
    """Learns seconds per unit of estimated work, kind by kind; until it has seen a kind, the estimate itself counts."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._work: dict[str, float] = defaultdict(float)

    def learn(self, node: Node, seconds: float) -> None:
        """A node was built in so many seconds."""
        self.learn_work(node.kind, node.work, seconds)

    def learn_work(self, kind: str, work: float, seconds: float) -> None:
        """So much work of a kind took so many seconds."""
        self._seconds[kind] += seconds
        self._work[kind] += work

    def seconds(self, node: Node) -> float:
        """What a node takes here."""
        work = self._work[node.kind]
        return node.work * (self._seconds[node.kind] / work if work else 1.0)

    def left(self, nodes: Iterable[Node], shares: Mapping[str, float], num_workers: int) -> float:
        """Seconds until all of `nodes` (parents first) are built: their sum over the workers, or the longest chain.

        shares: how much of a running node is done, by fingerprint.
        """
        ends: dict[str, float] = {}
        total = 0.0
        for node in nodes:
            own = self.seconds(node) * (1.0 - shares.get(node.fingerprint, 0.0))
            total += own
            ends[node.fingerprint] = own + max(
                (ends.get(parent.fingerprint, 0.0) for parent in node.parents.values()), default=0.0
            )
        return max(total / num_workers, *ends.values(), 0.0)
