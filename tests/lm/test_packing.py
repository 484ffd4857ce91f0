import numpy as np

from pipeline.lm.training.packing import cut, pack, ramps


def test_ramps_count_up_within_each_length():
    assert ramps(np.array([3, 0, 2])).tolist() == [0, 1, 2, 0, 1]


def test_a_long_document_is_cut_into_consecutive_pieces():
    pieces = cut(np.array([3, 10, 0, 4]), 4)
    assert pieces.documents.tolist() == [0, 1, 1, 1, 3]
    assert pieces.offsets.tolist() == [0, 0, 4, 8, 0]
    assert pieces.lengths.tolist() == [3, 4, 4, 2, 4]


def test_each_piece_goes_into_the_fullest_row_that_takes_it():
    packing = pack(np.array([2, 7, 6, 3, 4]), 10)  # 7 | 6 4 -> 10 | then 3 with 7, 2 opens a row
    assert packing.num_rows == 3
    assert packing.rows.tolist() == [2, 0, 1, 0, 1]
    assert packing.columns.tolist() == [0, 0, 0, 7, 6]


def test_no_row_overflows_and_no_place_is_taken_twice():
    lengths = np.random.default_rng(0).integers(1, 144, 500)
    packing = pack(lengths, 144)
    taken = np.zeros((packing.num_rows, 144), int)
    for row, column, length in zip(packing.rows, packing.columns, lengths, strict=True):
        assert column + length <= 144
        taken[row, column : column + length] += 1
    assert taken.max() == 1
    assert taken.sum() == lengths.sum()


def test_nothing_packs_into_no_rows():
    assert pack(np.zeros(0, np.int64), 8).num_rows == 0
