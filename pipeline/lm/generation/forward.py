"""One step of a model for generation: tokens in, logits after the last of them out, the cache extended.

`forward_of` gives the quick pass where the model is of a kind that `quick` knows, else transformers' own.
"""

from typing import Any, Protocol

import torch
from transformers import Cache, PreTrainedModel

from pipeline.lm.generation.quick import Quick


class Forward(Protocol):
    """The model as generation needs it."""

    def __call__(
        self, ids_rt: torch.Tensor, mask: torch.Tensor | None, positions_rt: torch.Tensor, cache: Cache
    ) -> torch.Tensor:
        """Logits (R, V) after the last token of each row.

        mask: None where all is seen; bool (R, T), false on padding at the left, where prompts are read; bool
        (R, 1, 1, columns), the columns of the cache that a row sees, where one token is added.
        """
        ...


def forward_of(model: PreTrainedModel, num_positions: int) -> Forward:
    """The quickest pass there is for this model; no position is over `num_positions`."""
    return Quick(model, num_positions) if Quick.knows(model) else Whole(model)


class Whole:
    """transformers' own pass."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model
        config: Any = model.config
        self.takes_booleans = config._attn_implementation == "sdpa"

    def __call__(
        self, ids_rt: torch.Tensor, mask: torch.Tensor | None, positions_rt: torch.Tensor, cache: Cache
    ) -> torch.Tensor:
        """See `Forward`."""
        if mask is not None and mask.ndim == 4 and not self.takes_booleans:
            least = torch.finfo(self.model.dtype).min
            mask = torch.zeros_like(mask, dtype=self.model.dtype).masked_fill(~mask, least)
        return self.model(
            input_ids=ids_rt,
            attention_mask=mask,
            position_ids=positions_rt,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
