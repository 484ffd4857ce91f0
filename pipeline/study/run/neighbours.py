"""Other processes at the same store: what they have built meanwhile, and what they are at."""

import time
from collections.abc import Iterable

from pipeline.core.store import Store
from pipeline.study.nodes.node import Node
from pipeline.study.run.survey import Survey, wanted

SECONDS_BETWEEN_LOOKS = 1.0


class Neighbours:
    """Looks at the store now and then, not at every turn of the runner."""

    def __init__(self, store: Store, forced: frozenset[str]) -> None:
        self._store = store
        self._forced = set(forced)  # what is there does not count
        self._looked: dict[str, float] = {}
        self._held: dict[str, bool] = {}

    def built(self, nodes: Iterable[Node], survey: Survey) -> list[Node]:
        """Those that are in the store by now; `survey.done` grows by them."""
        left = [node for node in nodes if node.fingerprint not in survey.done]
        return [node for node in left if self._is_time(f"built {node.fingerprint}") and self._look(node, survey)]

    def is_at(self, node: Node) -> bool:
        """Whether another process is building a node."""
        if self._is_time(f"held {node.fingerprint}"):
            self._held[node.fingerprint] = self._store.is_held(node.stage, node.fingerprint)
        return self._held[node.fingerprint]

    def expect(self, node: Node) -> None:
        """A job of ours says that it has built a node: look for it, at once, whether it was forced or not."""
        self._forced.discard(node.fingerprint)
        self.forget(node)

    def forget(self, node: Node) -> None:
        """Look again at once."""
        for question in ("built", "held"):
            self._looked.pop(f"{question} {node.fingerprint}", None)

    def _look(self, node: Node, survey: Survey) -> bool:
        if node.fingerprint in self._forced or not survey.is_ready(node):
            return False
        artifact = self._store.current(wanted(node, survey.parents(node)))
        if artifact is not None:
            survey.done[node.fingerprint] = artifact
        return artifact is not None

    def _is_time(self, question: str) -> bool:
        now = time.monotonic()
        if now - self._looked.get(question, -SECONDS_BETWEEN_LOOKS) < SECONDS_BETWEEN_LOOKS:
            return False
        self._looked[question] = now
        return True
