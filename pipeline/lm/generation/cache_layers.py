"""The layers of a cache whose rows come and go (`cache`): where a row's columns and states are put.

Letters: R rows, C columns of a buffer.
"""

from dataclasses import dataclass

import torch
from transformers.cache_utils import DynamicLayer, LinearAttentionLayer


@dataclass(slots=True)
class Window:
    """The columns that some row needs, in buffers of `capacity` columns."""

    first: int
    stop: int
    capacity: int


class InPlaceLayer(DynamicLayer):
    """One layer's keys and values in buffers (R, heads, C, head_dim); `keys` and `values` show the window."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window
        self.buffers: list[torch.Tensor] = []

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the last column (R, heads, 1, head_dim) of the window; return the window."""
        first, stop = self.window.first, self.window.stop
        for buffer, states in zip(self.buffers, (key_states, value_states), strict=True):
            buffer[:, :, stop - 1 : stop] = states
        self.keys, self.values = (buffer[:, :, first:stop] for buffer in self.buffers)
        return self.keys, self.values

    def place(self, source: DynamicLayer, from_rows: torch.Tensor, to_rows: torch.Tensor, num_rows: int) -> None:
        """Copy rows of another layer's keys and values, flush with the window's end."""
        assert source.keys is not None and source.values is not None, "a cache that has read nothing"
        pairs = (source.keys, source.values)
        if not self.buffers:  # zeros: what is not attended to must be a number nevertheless
            shape = (num_rows, pairs[0].shape[1], self.window.capacity)
            self.buffers = [states.new_zeros(*shape, states.shape[3]) for states in pairs]
            self.is_initialized = True
        stop = self.window.stop
        for buffer, states in zip(self.buffers, pairs, strict=True):
            buffer[to_rows, :, stop - states.shape[2] : stop] = states[from_rows]

    def move(self, columns: int, capacity: int) -> None:
        """Move the window that many columns to the left, into buffers of `capacity` columns."""
        old = self.buffers
        self.buffers = [buffer.new_zeros(*buffer.shape[:2], capacity, buffer.shape[3]) for buffer in old]
        for new, buffer in zip(self.buffers, old, strict=True):
            new[:, :, : buffer.shape[2] - columns] = buffer[:, :, columns:]

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Keep these rows, in this order."""
        self.buffers = [_select(buffer, beam_idx, self.window) for buffer in self.buffers]


def place_states(
    layer: LinearAttentionLayer,
    source: LinearAttentionLayer,
    from_rows: torch.Tensor,
    to_rows: torch.Tensor,
    num_rows: int,
) -> None:
    """Copy rows of another layer's convolution and recurrent states, each (rows, ...)."""
    for kind, is_there in (
        ("conv_states", "is_conv_states_initialized"),
        ("recurrent_states", "is_recurrent_states_initialized"),
    ):
        ours, theirs = getattr(layer, kind), getattr(source, kind)
        for index, states in theirs.items():
            if states is None:
                continue
            if ours[index] is None:
                ours[index] = states.new_zeros(num_rows, *states.shape[1:])
                getattr(layer, is_there)[index] = True
            ours[index][to_rows] = states[from_rows]
    layer.has_previous_state = dict(source.has_previous_state)
    layer.conv_kernel_size = dict(source.conv_kernel_size)
    layer.dtype, layer.device = source.dtype, source.device


def _select(buffer: torch.Tensor, rows: torch.Tensor, window: Window) -> torch.Tensor:
    """A buffer as wide as before with the window's columns of these rows."""
    selected = buffer.new_zeros(len(rows), *buffer.shape[1:])
    selected[:, :, window.first : window.stop] = buffer[:, :, window.first : window.stop].index_select(0, rows)
    return selected
