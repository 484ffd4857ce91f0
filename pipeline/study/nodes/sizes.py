"""How large a corpus is, without building it: as the store has it, else as its file declares, else not known."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.core.errors import UserError
from pipeline.core.shard import Shard
from pipeline.core.store import Store
from pipeline.mix.config import Declared, Mixing
from pipeline.mix.holdings import Counting, Holding, whole
from pipeline.study.config.schema import Study
from pipeline.study.nodes.data_nodes import DataNodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What is known of a corpus."""

    holding: Holding | None
    known: Literal["counted", "declared", "not built"]
    declared: Declared | None = None


class Sizes:
    """Sizes of one study's corpora, each looked up once."""

    def __init__(self, study: Study, store: Store) -> None:
        self._study, self._store = study, store
        self._nodes = DataNodes(study)
        self._shards: dict[str, Shard | None] = {}

    def of(self, corpus: str, config: Mixing) -> Size:
        """What one pass over a corpus gives of a mix's unit."""
        shard = self._shard(corpus)
        if shard is not None and shard.num_documents:
            counting = Counting(unit=config.unit, loss=config.loss, sequence_length=config.sequence_length)
            return Size(holding=whole(shard, counting), known="counted")
        declared = self._study.corpora[corpus].declared
        if declared is None:
            return Size(holding=None, known="not built")
        return Size(holding=_holding(declared, config), known="declared", declared=declared)

    def _shard(self, corpus: str) -> Shard | None:
        if corpus not in self._shards:
            self._shards[corpus] = self._encoded(corpus)
        return self._shards[corpus]

    def _encoded(self, corpus: str) -> Shard | None:
        """The encoded corpus, if the store has it; a corpus whose files are not here has no identity to look up."""
        try:
            node = self._nodes.tokenized(corpus)
        except UserError:
            return None
        found = self._store.find(node.stage, node.fingerprint)
        return Shard.open(found.folder) if found else None


def _holding(declared: Declared, config: Mixing) -> Holding:
    """As if every document were of the mean length."""
    num_units = declared.tokens
    if config.unit == "loss_tokens":
        pieces = declared.documents * int(np.ceil(declared.tokens / declared.documents / config.sequence_length))
        num_units = round(declared.tokens * declared.answers) if config.loss == "answers" else declared.tokens - pieces
    return Holding(num_documents=declared.documents, num_tokens=declared.tokens, num_units=num_units)
