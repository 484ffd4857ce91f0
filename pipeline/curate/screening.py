"""Every document looked at by itself, in as many parts as the executor likes; and every document signed.

Leaves in the scratch folder: `kept/RRRRR.parquet` and `.facts` of each rank, `dropped/` by filter, `signatures/`.
Ranks of corpora that come first (`against`) are counted before the corpus's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter

from pipeline.core.executor import Executor, run_pipeline
from pipeline.curate.blocks import SPLITS, Checked, PlainOnly, Read
from pipeline.curate.config import Curation, MinHash, QualityName
from pipeline.curate.ending import Drain, Keep, Sign
from pipeline.curate.steps import Filter
from pipeline.curate.words import SpacedWords

_BUFFERED = 2000  # signatures read at a time


@dataclass(frozen=True, slots=True)
class Screened:
    """Where the ranks of a corpus stand: those of corpora before it, then its own."""

    scratch: Path
    before: tuple[str, ...]  # the corpus of each rank that is not its own
    own: int  # how many ranks follow

    @property
    def num_ranks(self) -> int:
        """All ranks."""
        return len(self.before) + self.own

    def facts(self, rank: int) -> Path:
        """What is known of the documents that a rank kept."""
        return self.scratch / "kept" / f"{rank:05d}.facts"

    def kept(self, rank: int) -> Path:
        """The documents that one of its own ranks kept."""
        return self.scratch / "kept" / f"{rank:05d}.parquet"


def screen(
    config: Curation,
    documents: Path,
    checks: Sequence[tuple[str, Filter]],
    *,
    against: Mapping[str, Path],
    executor: Executor,
    scratch: Path,
) -> Screened:
    """Filter the corpus document by document, and sign it and those that come first.

    checks: our filters by name, in order; the quality filters come last.
    """
    before: list[str] = []
    for name, folder in against.items():
        tasks = _tasks(folder, executor)
        steps = [Read(folder), *_ending(config, scratch, len(before), writes=False)]
        run_pipeline(executor, steps, tasks=tasks, name=f"sign-{name}", scratch=scratch)
        before += [name] * tasks
    own = _tasks(documents, executor)
    filters: list[BaseFilter] = [Checked(check, _aside(scratch, at, name)) for at, (name, check) in enumerate(checks)]
    filters += [
        PlainOnly(_QUALITY[name](), _aside(scratch, len(checks) + at, name)) for at, name in enumerate(config.quality)
    ]
    steps = [Read(documents), *filters, *_ending(config, scratch, len(before), writes=True)]
    run_pipeline(executor, steps, tasks=own, name="screen", scratch=scratch)
    return Screened(scratch, tuple(before), own)


def find_clusters(config: MinHash, executor: Executor, scratch: Path) -> Path:
    """Documents that meet in a bucket of MinHash, as datatrove's clusters: `RRRRRR.clusters` in the folder returned."""
    minhash = _minhash(config)
    pairs, clusters = scratch / "pairs", scratch / "clusters"
    buckets = MinhashDedupBuckets(str(scratch / "signatures"), str(pairs), config=minhash, lines_to_buffer=_BUFFERED)
    run_pipeline(executor, [buckets], tasks=config.buckets, name="buckets", scratch=scratch)
    cluster = MinhashDedupCluster(
        str(pairs), str(clusters), config=minhash, save_cluster_id=True, lines_to_buffer=_BUFFERED
    )
    run_pipeline(executor, [cluster], tasks=1, name="cluster", scratch=scratch)
    return clusters


def _ending(config: Curation, scratch: Path, offset: int, *, writes: bool) -> list[Any]:
    keep = Keep(scratch / "kept", config.overlap, offset, writes=writes)
    if not config.near_duplicates:
        return [keep, Drain()]
    words: Any = SpacedWords()  # datatrove says str, and takes a tokenizer
    signatures = str(scratch / "signatures")
    return [keep, Sign(signatures, config=_minhash(config.minhash), language=words, offset=offset)]


def _minhash(config: MinHash) -> MinhashConfig:
    return MinhashConfig(config.ngram, config.buckets, config.hashes)


def _tasks(folder: Path, executor: Executor) -> int:
    """Ranks of a corpus: what the executor asks for, and no more than there are row groups."""
    groups = sum(pq.read_metadata(folder / f"{split}.parquet").num_row_groups for split in SPLITS)
    return max(1, min(executor.num_tasks, groups))


def _aside(scratch: Path, at: int, name: str) -> Path:
    return scratch / "dropped" / f"{at:02d}-{name}"


def _words() -> Any:
    return SpacedWords()


# Published thresholds as datatrove has them. What asks for English words is left out: the filters are for any language.
_QUALITY: Mapping[QualityName, Any] = {
    "gopher_quality": lambda: GopherQualityFilter(min_stop_words=None, language=_words()),
    "gopher_repetition": lambda: GopherRepetitionFilter(language=_words()),
    "fineweb": lambda: FineWebQualityFilter(language=_words()),
    "c4": lambda: C4QualityFilter(filter_no_terminal_punct=False, language=_words()),
}
