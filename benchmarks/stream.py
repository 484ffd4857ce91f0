"""The token stream at 10^12 tokens: seconds and memory to plan it and to read a batch at its very end.

    .venv/bin/python -m benchmarks.stream

Three corpora of 5.8 x 10^12 tokens in all whose documents are computed, not stored: what is measured is the plan and
the stream. Printed: seconds of the clock and of the processor for plan, stream and last batch; resident memory.
"""

import resource
import time
from typing import Any, cast

import numpy as np

from pipeline.core.shard import Shard
from pipeline.lm.training.stream import Position, TokenStream
from pipeline.mix.config import Mixing
from pipeline.mix.holdings import Holding
from pipeline.mix.plan import plan_counts, plan_of, planned_source

SIZES = {"web": (8_000_000_000, 700), "math": (200_000_000, 700), "traces": (1_200_000, 10_000)}  # documents, tokens
BUDGET = 10**12


class _Ends:
    """Where documents of one length end."""

    def __init__(self, number: int, length: int) -> None:
        self.number, self.length = number, length

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, documents: np.ndarray) -> np.ndarray:
        return (documents.astype(np.uint64) + np.uint64(1)) * np.uint64(self.length)


class _Tokens(_Ends):
    """Their tokens."""

    def __len__(self) -> int:
        return self.number * self.length

    def __getitem__(self, documents: np.ndarray) -> np.ndarray:
        return (documents % 50_000).astype(np.uint32)


def main() -> None:
    """Measure and print."""
    before, start, cpu = resident(), time.perf_counter(), time.process_time()
    shards = {
        name: Shard(*(cast(Any, kind(*size)) for kind in (_Tokens, _Ends, _Tokens))) for name, size in SIZES.items()
    }
    config = Mixing(
        weights={"web": 0.7, "math": 0.1, "traces": 0.2},
        max_repetitions=dict.fromkeys(SIZES, 17),
        budget=BUDGET,
        unit="tokens",
        loss="all",
        sequence_length=8192,
        stream_key="benchmark",
    )
    holdings = {
        name: Holding(num_documents=number, num_tokens=number * length, num_units=number * length)
        for name, (number, length) in SIZES.items()
    }
    counts = plan_counts(config)
    plan = plan_of(config, [planned_source(config, name, counts[name], holdings[name]) for name in counts])
    stream = TokenStream(plan, shards)
    batch = next(stream.batches(8, Position(BUDGET // (config.block_rows * config.sequence_length), 11)))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{plan.budget:,} tokens planned, {batch.num_tokens:,} read at {batch.next_position}")
    print(f"{seconds:.2f} s ({cpu:.2f} s of the processor), {resident():.0f} MB, {resident() - before:.0f} by this")


def resident() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
