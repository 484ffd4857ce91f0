"""A cache whose rows come and go: key-value columns written in place, one row's place given to the next prompt.

transformers' growing cache copies itself at every step, and its static one is attended to in full length,
empty columns and all. This one has room to spare and shows the attention what is filled. All rows end at the
same column; a row that begins late stands further right. Convolution and recurrent states have no columns.
What a layer does is `cache_layers`' affair.
"""

from typing import cast

import torch
from transformers import Cache, DynamicCache, PreTrainedModel
from transformers.cache_utils import DummyLayer, DynamicLayer, LinearAttentionLayer

from pipeline.lm.generation.cache_layers import InPlaceLayer, Window, place_states

_SPARE = 64  # columns: once they are used up the cache is moved to the front, which costs about a step


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
                place_states(layer, cast(LinearAttentionLayer, other), from_rows, to_rows, self.num_rows)

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


def has_slots(model: PreTrainedModel) -> bool:
    """Whether every layer of the model's cache is of a kind whose rows can come and go (sliding windows are not)."""
    layers = DynamicCache(config=model.config).layers
    return all(_is_plain(layer) or type(layer) in (LinearAttentionLayer, DummyLayer) for layer in layers)


def _is_plain(layer: object) -> bool:
    return type(layer) is DynamicLayer
