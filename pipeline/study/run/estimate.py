"""How long the rest will take: work still to do, at the speed seen so far for each kind of stage."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate

from pipeline.study.nodes.node import Node


class Estimate:
    """Learns seconds per unit of estimated work, kind by kind; until it has seen a kind, the estimate itself counts.

    It goes by the median over the work seen: one stage that ran beside something else, or while a laptop slept, says
    little about the next.
    """

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, float]]] = defaultdict(list)  # (seconds a unit of work, work)

    def learn(self, node: Node, seconds: float) -> None:
        """A node was built in so many seconds."""
        self.learn_work(node.kind, node.work, seconds)

    def learn_work(self, kind: str, work: float, seconds: float) -> None:
        """So much work of a kind took so many seconds."""
        if work > 0:
            self._seen[kind].append((seconds / work, work))

    def seconds(self, node: Node) -> float:
        """What a node takes here."""
        return node.work * self._pace(node.kind)

    def _pace(self, kind: str) -> float:
        """The median of seconds a unit of work, each weighted by its work; 1 where nothing was seen."""
        seen = sorted(self._seen[kind])
        ends = list(accumulate(work for _, work in seen))
        return seen[bisect_left(ends, ends[-1] / 2)][0] if seen else 1.0

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
