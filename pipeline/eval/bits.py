"""Bits per byte of unseen text: how well a checkpoint predicts the held-out documents of a corpus.

Per byte and not per token, so that tokenizers can be compared. As in nanochat special tokens count on
neither side: neither their bits (the end mark's among them) nor their bytes. A document's first token is
not predicted, and its bytes are not counted either.
"""

from collections.abc import Mapping
from math import log
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pipeline.core.shard import HELDOUT, Shard
from pipeline.eval.config import Eval
from pipeline.eval.examinee import Examinee
from pipeline.eval.rows import Row
from pipeline.lm.generation.scoring import Scored

BITS_SCHEMA = pa.schema(
    [
        ("corpus", pa.string()),
        ("document", pa.int32()),  # number in the held-out shard
        ("num_tokens", pa.int32()),  # scored
        ("num_bytes", pa.int32()),  # of their text
        ("nll", pa.float64()),  # nats, summed
    ]
)


def bits_rows(config: Eval, examinee: Examinee, heldout: Mapping[str, Path]) -> list[Row]:
    """One row a document: the first `heldout_documents` of each corpus, each up to `heldout_crop` tokens."""
    rows: list[Row] = []
    for corpus in sorted(heldout):
        shard = Shard.open(heldout[corpus], HELDOUT)
        crop = min(config.heldout_crop, examinee.context)
        count = min(config.heldout_documents, shard.num_documents)
        documents = [shard.document(index)[0][:crop].tolist() for index in range(count)]
        logprobs = examinee.logprobs([Scored(document) for document in documents])
        for index, (document, values) in enumerate(zip(documents, logprobs, strict=True)):
            predicted = document[1:]
            nll = -sum(value for token, value in zip(predicted, values, strict=True) if token not in examinee.marks)
            num_tokens = sum(token not in examinee.marks for token in predicted)
            num_bytes = examinee.count_bytes(predicted)
            rows.append(dict(zip(BITS_SCHEMA.names, (corpus, index, num_tokens, num_bytes, nll), strict=True)))
    return rows


def bits_per_byte(documents: pd.DataFrame) -> dict[str, float]:
    """Corpus to bits per byte over its documents, from the rows of `bits_rows`; corpora without text are left out."""
    sums = documents.groupby("corpus", sort=True)[["nll", "num_bytes"]].sum()
    return {str(corpus): float(row.nll / log(2) / row.num_bytes) for corpus, row in sums.iterrows() if row.num_bytes}
