"""A cache whose rows come and go: key-value columns written in place, one row's place given to the next prompt.

transformers' growing cache copies itself at every step, and its static one is attended to in full length,
empty columns and all. This one has room to spare and shows the attention what is filled. All rows end at the
same column; a row that begins late stands further right. Convolution and recurrent states have no columns.

Letters: R rows, C columns of a buffer.
"""

from dataclasses import dataclass
from typing import cast

import torch
from transformers import Cache, DynamicCache, PreTrainedModel
from transformers.cache_utils import DummyLayer, DynamicLayer, LinearAttentionLayer

_SPARE = 64  # columns: once they are used up the cache is moved to the front, which costs about a step


@dataclass(slots=True)
class Window:
    """The columns that some row needs, in buffers of `capacity` columns."""

    first: int
    stop: int
    capacity: int


class SlotCache(DynamicCache):
    """The model's own kind of cache with `num_rows` rows, all of them free."""

    def __init__(self, model: PreTrainedModel, num_rows: int, num_columns: int) -> None:
        super().__init__(config=model.config)
        self.window = Window(num_columns, num_columns, num_columns + _SPARE)
        self.num_rows = num_rows
        attending = (InPlaceLayer(self.window) if _is_plain(layer) else layer for layer in self.layers)
        self.layers = list(attending)

    def place(self, source: Cache, from_rows: torch.Tensor, to_rows: torch.Tensor) -> None:
        """Give rows of ours to rows of another cache, whose last column comes to lie before `window.stop`."""
        for layer, other in zip(self.layers, source.layers, strict=True):
            if isinstance(layer, InPlaceLayer):
                layer.place(cast(DynamicLayer, other), from_rows, to_rows, self.num_rows)
            elif isinstance(layer, LinearAttentionLayer):
                _place_states(layer, cast(LinearAttentionLayer, other), from_rows, to_rows, self.num_rows)

    def advance(self, room: int) -> int:
        """Make place for one more column; return by how many columns all others have moved to the left.

        room: how many columns before the window's end a prompt to come may need.
        """
        window = self.window
        window.stop += 1
        if window.stop <= window.capacity:
            return 0
        kept = min(max(window.stop - window.first, room), window.stop)
        moved = window.stop - kept
        for layer in self.layers:
            if isinstance(layer, InPlaceLayer):
                layer.move(moved, kept + _SPARE)
        window.first, window.stop, window.capacity = window.first - moved, kept, kept + _SPARE
        return moved

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows, in this order."""
        self.num_rows = len(rows)
        self.reorder_cache(cast(torch.LongTensor, rows))


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


def has_slots(model: PreTrainedModel) -> bool:
    """Whether every layer of the model's cache is of a kind whose rows can come and go (sliding windows are not)."""
    layers = DynamicCache(config=model.config).layers
    return all(_is_plain(layer) or type(layer) in (LinearAttentionLayer, DummyLayer) for layer in layers)


def _is_plain(layer: object) -> bool:
    return type(layer) is DynamicLayer


def _select(buffer: torch.Tensor, rows: torch.Tensor, window: Window) -> torch.Tensor:
    """A buffer as wide as before with the window's columns of these rows."""
    selected = buffer.new_zeros(len(rows), *buffer.shape[1:])
    selected[:, :, window.first : window.stop] = buffer[:, :, window.first : window.stop].index_select(0, rows)
    return selected


def _place_states(
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
