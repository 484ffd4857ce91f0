"""An encoded corpus of three documents, written by hand in datatrove's format."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.shard import Shard


def write(folder: Path, dtype: type, tokens: list[int], ends: list[int], loss: list[int]) -> None:
    np.array(tokens, dtype).tofile(folder / "train.ds")
    np.array(ends, np.uint64).tofile(folder / "train.ds.index")
    np.array(loss, np.uint8).tofile(folder / "train.ds.loss")


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_documents_are_found_whatever_the_width_of_a_token(tmp_path: Path, dtype: type) -> None:
    write(tmp_path, dtype, [5, 6, 7, 8, 9, 10], [2, 3, 6], [0, 1, 1, 0, 0, 1])
    shard = Shard.open(tmp_path)
    assert (shard.num_documents, shard.num_tokens) == (3, 6)
    assert shard.tokens.dtype == dtype
    assert shard.starts.tolist() == [0, 2, 3]
    documents = [shard.document(index) for index in range(3)]
    assert [tokens.tolist() for tokens, _ in documents] == [[5, 6], [7], [8, 9, 10]]
    assert [loss.tolist() for _, loss in documents] == [[False, True], [True], [False, False, True]]


def test_an_empty_shard_opens(tmp_path: Path) -> None:
    write(tmp_path, np.uint16, [], [], [])
    shard = Shard.open(tmp_path)
    assert (shard.num_documents, shard.num_tokens) == (0, 0)
