"""A key-value cache that is written in place, for any model that transformers caches.

transformers' growing cache copies itself at every step, and its static one is attended to in full length,
empty columns and all. This one has room to spare and shows the attention what is filled.
"""

import torch
from transformers import Cache, DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer

_COLUMNS = 64  # the cache grows by this many columns at a time


def new_cache(model: PreTrainedModel) -> Cache:
    """The model's own kind of cache, its plain attention layers written in place (sliding and recurrent ones stay)."""
    cache = DynamicCache(config=model.config)
    cache.layers = [InPlaceLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


class InPlaceLayer(DynamicLayer):
    """One layer's keys and values in a buffer with room to spare; `keys` and `values` are views of what is filled."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new columns (B, heads, new, head_dim) behind the old ones; return all of them."""
        start = self.get_seq_length()
        stop = start + key_states.shape[2]
        if start == 0 or stop > self.buffers[0].shape[2]:
            self._grow(key_states, value_states, start, stop)
        self.buffers[0][:, :, start:stop] = key_states
        self.buffers[1][:, :, start:stop] = value_states
        self.keys, self.values = (buffer[:, :, :stop] for buffer in self.buffers)
        return self.keys, self.values

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Keep (or repeat) these rows, in this order."""
        filled = self.get_seq_length()
        self.buffers = [_select(buffer, beam_idx, filled) for buffer in self.buffers]
        self.keys, self.values = (buffer[:, :, :filled] for buffer in self.buffers)

    def _grow(self, key_states: torch.Tensor, value_states: torch.Tensor, start: int, stop: int) -> None:
        room = stop + _COLUMNS
        grown = [state.new_empty(*state.shape[:2], room, state.shape[3]) for state in (key_states, value_states)]
        if start:
            for new, old in zip(grown, self.buffers, strict=True):
                new[:, :, :start] = old[:, :, :start]
        self.buffers = grown
        self.is_initialized = True


def _select(buffer: torch.Tensor, rows: torch.Tensor, filled: int) -> torch.Tensor:
    """A buffer as wide as before with the filled columns of these rows."""
    selected = buffer.new_empty(len(rows), *buffer.shape[1:])
    selected[:, :, :filled] = buffer[:, :, :filled].index_select(0, rows)
    return selected
