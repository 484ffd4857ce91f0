"""What deduplication knows of the documents that every rank kept, in order."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.curate.screening import Screened


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of all kept documents."""

    table: pa.Table  # ending.FACTS
    starts: tuple[int, ...]  # where each rank begins, and the end
    num_before: int  # documents of corpora that come first

    def id(self, index: int) -> str:
        """A document's id."""
        return self.table["id"][index].as_py()

    @property
    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """All sampled n-grams, uint64 (N,), and where each document's begin and end, int64 (num_documents + 1,)."""
        column = self.table["samples"].combine_chunks()
        return column.values.to_numpy(), column.offsets.to_numpy().astype(np.int64)


def read_known(screened: Screened) -> Known:
    """The facts of every rank."""
    tables = [pq.read_table(screened.facts(rank)) for rank in range(screened.num_ranks)]
    starts = np.cumsum([0, *(len(table) for table in tables)]).tolist()
    return Known(pa.concat_tables(tables).combine_chunks(), tuple(starts), starts[len(screened.before)])
