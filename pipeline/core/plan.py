"""A mix plan: which corpora give how many tokens to one stretch of training. Kilobytes, not tokens.

The token stream is a function of (plan, position): see `lm.stream`.
"""

from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Literal, Self

import orjson
from pydantic import TypeAdapter

Unit = Literal["tokens", "loss_tokens"]
LossRule = Literal["all", "answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """A source that is a keyed part of its corpus: the corpus whole, and what draws the part."""

    num_documents: int  # the corpus holds
    unique_tokens: int  # likewise
    key: str  # names the draw: a study and a seed

    def permutation(self, corpus: str) -> tuple[str, ...]:
        """The key of the permutation of the corpus's documents whose first ones make the part."""
        return ("subset", self.key, corpus)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSource:
    """One corpus in a plan, or a part of it. Shares are of the plan's unit and sum to 1 over the plan."""

    corpus: str
    share: float
    unit_per_document: float  # mean of the plan's unit over the source's documents
    num_documents: int  # unique documents the source holds
    unique_tokens: int  # tokens the source holds
    planned: int  # of the plan's unit
    passes: float  # planned / what one pass over the source gives
    variation: float = 1.0  # of the unit over documents: standard deviation over mean; 1 where it is less
    subset: Subset | None = None  # where it is not the whole corpus


_UNSAID = {"variation": 1.0, "subset": None}  # left out of the file: most plans have no use for them


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPlan:
    """A budget and its sources; with a seed, the whole token stream follows."""

    budget: int  # of the unit
    unit: Unit  # what the budget and the shares count
    loss: LossRule  # which tokens carry loss: all but a document's first, or answers only
    sequence_length: int  # tokens a row
    block_rows: int  # a block holds about this many rows' worth of documents
    stream_key: str  # names the random stream: study, seed and phase
    sources: tuple[PlannedSource, ...]

    def tolerance(self, source: PlannedSource) -> float:
        """How far a source's obtained share may be off before the run fails: four standard errors, and one row.

        A sum over n documents varies by variation / sqrt(n) of itself, e; the share s of source i then varies by s_i
        times the root of (1 - s_i)^2 e_i^2 + sum over the others of s_j^2 e_j^2 (delta method for a ratio).
        """
        others = sum((each.share * self._error(each)) ** 2 for each in self.sources if each is not source)
        own = ((1 - source.share) * self._error(source)) ** 2
        return 4 * source.share * sqrt(own + others) + self.sequence_length / self.budget

    def _error(self, source: PlannedSource) -> float:
        num_documents = max(1.0, source.share * self.budget / source.unit_per_document)
        return source.variation / sqrt(num_documents)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_bytes(orjson.dumps(self.to_json(), option=orjson.OPT_INDENT_2))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain = asdict(self)
        return plain | {"sources": [_said(source) for source in plain["sources"]]}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        return TypeAdapter(cls).validate_json(path.read_bytes())


def _said(source: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name not in _UNSAID or value != _UNSAID[name]}
