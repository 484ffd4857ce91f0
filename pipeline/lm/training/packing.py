"""Documents into rows of one length: cut what is too long, then best-fit decreasing.

T = tokens a row, N = documents, P = pieces. Best-fit decreasing leaves at most 2/9 more rows than the best
packing plus a constant (Johnson et al. 1974); on documents much shorter than a row it pads about 1 %.
"""

from bisect import bisect_left, insort
from typing import NamedTuple

import numpy as np


class Pieces(NamedTuple):
    """Documents cut to at most T tokens."""

    documents: np.ndarray  # int64 (P,), index of the document
    offsets: np.ndarray  # int64 (P,), where in the document the piece begins
    lengths: np.ndarray  # int64 (P,), 1 .. T


class Packing(NamedTuple):
    """Where each piece lies."""

    rows: np.ndarray  # int64 (P,)
    columns: np.ndarray  # int64 (P,), of the piece's first token
    num_rows: int


def cut(lengths: np.ndarray, sequence_length: int) -> Pieces:
    """Cut documents into consecutive pieces of at most `sequence_length` tokens.

    lengths: int64 (N,). A document without tokens gives no piece.
    """
    num_pieces = -(-lengths // sequence_length)
    documents = np.repeat(np.arange(len(lengths)), num_pieces)
    offsets = ramps(num_pieces) * sequence_length
    return Pieces(documents, offsets, np.minimum(lengths[documents] - offsets, sequence_length))


def ramps(lengths: np.ndarray) -> np.ndarray:
    """0, 1 .. length - 1 for each length, one after the other: int64 (sum of lengths,)."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts, lengths)


def pack(lengths: np.ndarray, sequence_length: int) -> Packing:
    """Best-fit decreasing: the longest piece first, each into the fullest row that still takes it.

    lengths: int64 (P,), each 1 .. `sequence_length`. Ties go by index, so that equal input packs equally.
    """
    rows, columns = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64)
    rooms: list[tuple[int, int]] = []  # (free tokens, row), sorted
    num_rows = 0
    sizes: list[int] = lengths.tolist()
    order: list[int] = np.argsort(-lengths, kind="stable").tolist()
    for piece in order:
        at = bisect_left(rooms, (sizes[piece], -1))
        if at < len(rooms):
            room, row = rooms.pop(at)
        else:
            room, row, num_rows = sequence_length, num_rows, num_rows + 1
        rows[piece], columns[piece] = row, sequence_length - room
        if room > sizes[piece]:
            insort(rooms, (room - sizes[piece], row))
    return Packing(rows, columns, num_rows)
