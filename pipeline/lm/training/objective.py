"""The training objective: the loss of each loss-bearing token, given the tokens before it in its own document.

Suffixes: b = rows, t = tokens a row, e = hidden size, v = vocabulary, n = targets.
"""

from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from pipeline.lm.models.attention import document_mask
from pipeline.lm.training.batch import Batch

IGNORE = -100


class Inputs(NamedTuple):
    """A micro-batch on the device."""

    input_ids_bt: Tensor  # int64 (B, T)
    segments_bt: Tensor  # int32 (B, T)
    positions_bt: Tensor  # int64 (B, T)
    places_n: Tensor  # int64 (N,): in the flattened batch, the token from which each target is predicted
    targets_n: Tensor  # int64 (N,): the token to predict; IGNORE where there is none
    sources_n: Tensor  # int64 (N,): index of the target's source in the plan; 0 where there is none


class NextTokenLoss(nn.Module):
    """A causal language model that returns losses instead of logits."""

    def __init__(self, lm: PreTrainedModel, *, is_bf16: bool) -> None:
        super().__init__()
        self.is_bf16 = is_bf16
        self.decoder = cast(nn.Module, lm.get_decoder())
        self.head = cast(nn.Module, lm.get_output_embeddings())

    def forward(
        self, input_ids_bt: Tensor, segments_bt: Tensor, positions_bt: Tensor, places_n: Tensor, targets_n: Tensor
    ) -> Tensor:
        """Cross-entropy of each target in nats, fp32 (N,); 0 where the target is IGNORE."""
        with torch.autocast(input_ids_bt.device.type, torch.bfloat16, enabled=self.is_bf16):
            hidden_bte: Tensor = self.decoder(
                input_ids=input_ids_bt,
                attention_mask=document_mask(segments_bt),
                seq_idx=segments_bt,  # for layers that mix without attention (`isolation`); the others pass it over
                position_ids=positions_bt,
                use_cache=False,
            ).last_hidden_state
            # Logits are the widest tensor of all: only places that predict something get them.
            hidden_ne = hidden_bte.flatten(0, 1).index_select(0, places_n)
            logits_nv: Tensor = self.head(hidden_ne)
        return cross_entropy(logits_nv.float(), targets_n, ignore_index=IGNORE, reduction="none")


def to_inputs(batch: Batch, rows: slice, device: torch.device, *, static: bool) -> Inputs:
    """Move some rows of a batch to the device.

    static: keep the number of targets at B x T, so that a compiled model meets one shape only.
    """
    ids, mask = batch.input_ids[rows], batch.loss_mask[rows]
    assert not mask[:, 0].any(), "the first token of a row has nothing to be predicted from"
    places = np.arange(ids.size) if static else np.flatnonzero(mask) - 1
    following = np.minimum(places + 1, ids.size - 1)
    is_target = mask.ravel()[following] & (places + 1 < ids.size)

    def move(array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        # From pinned memory a copy waits in the GPU's queue; from any other the process would wait.
        return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)

    return Inputs(
        input_ids_bt=move(ids),
        segments_bt=move(batch.segments[rows]),
        positions_bt=move(batch.positions[rows]),
        places_n=move(places),
        targets_n=move(np.where(is_target, ids.ravel()[following], IGNORE)),
        sources_n=move(np.where(is_target, batch.sources[rows].ravel()[following], 0).astype(np.int64)),
    )
