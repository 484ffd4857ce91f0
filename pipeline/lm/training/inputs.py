"""What training reads beside a model: a mix's plan and the encoded corpora it names, checked against the tokenizer."""

from collections.abc import Mapping
from pathlib import Path

import orjson
from transformers import PreTrainedTokenizerBase

from pipeline.core.errors import UserError
from pipeline.core.plan import MixPlan
from pipeline.core.shard import Shard


def load_plan(mix: Path) -> MixPlan:
    """The plan of a mix's artifact."""
    return MixPlan.load(mix / "plan.json")


def open_shards(plan: MixPlan, corpora: Mapping[str, Path], tokenizer: PreTrainedTokenizerBase) -> dict[str, Shard]:
    """The training shard of each of the plan's corpora.

    Raises UserError where a corpus is missing, or was encoded with a larger vocabulary than the tokenizer's.
    """
    return {source.corpus: _open(source.corpus, corpora, tokenizer) for source in plan.sources}


def _open(name: str, corpora: Mapping[str, Path], tokenizer: PreTrainedTokenizerBase) -> Shard:
    if name not in corpora:
        raise UserError(f"the mix names corpus {name!r}, and only {', '.join(sorted(corpora))} are given; add it")
    vocab_size = orjson.loads((corpora[name] / "meta.json").read_bytes())["vocab_size"]
    if vocab_size != len(tokenizer):
        raise UserError(
            f"corpus {name!r} was encoded with a vocabulary of {vocab_size}, the tokenizer has {len(tokenizer)}; "
            "encode it with this tokenizer"
        )
    return Shard.open(corpora[name])
